from django.urls import path

from rollbook.funds import views

app_name = "funds"

urlpatterns = [
    path("", views.balance_list, name="balances"),
    path("budget/", views.set_budget, name="set_budget"),
    path("books/<int:ledger_id>/", views.book, name="book"),
    path("transactions/<uuid:transaction_id>/", views.transaction_detail, name="transaction"),
    path("transactions/<uuid:transaction_id>/reverse/", views.ask_reversal, name="ask_reversal"),
    path("transactions/<uuid:transaction_id>/unfreeze/", views.ask_unfreeze, name="ask_unfreeze"),
    path("orders/", views.order_list, name="order_list"),
    path("orders/transfer/", views.ask_transfer, name="ask_transfer"),
    path("orders/freeze/", views.ask_freeze, name="ask_freeze"),
    path("orders/<int:order_id>/decide/", views.decide_order, name="decide_order"),
    path("closings/", views.closing_list, name="closing_list"),
    path("batches/", views.batch_list, name="batch_list"),
    path("batches/<int:batch_id>/", views.batch_detail, name="batch_detail"),
    path("batches/<int:batch_id>/check/", views.check_batch, name="check_batch"),
    path("batches/<int:batch_id>/return/", views.return_batch, name="return_batch"),
    path("batches/<int:batch_id>/release/", views.release_batch, name="release_batch"),
    path("batches/<int:batch_id>/bank-return/", views.upload_return, name="upload_return"),
    path("batches/<int:batch_id>/owners/", views.request_owners, name="request_owners"),
    path("batches/<int:batch_id>/cosign/", views.cosign_batch, name="cosign_batch"),
    path("batches/<int:batch_id>/confirm/", views.confirm_batch, name="confirm_batch"),
    path("batches/<int:batch_id>/resolve/", views.ask_resolution, name="ask_resolution"),
    path("resolutions/<int:resolution_id>/decide/", views.decide_resolution, name="decide_resolution"),
    path("statements/", views.statement_list, name="statement_list"),
    path("statements/<int:statement_id>/", views.statement_detail, name="statement"),
    path("differences/", views.difference_list, name="difference_list"),
    path("differences/<int:difference_id>/own/", views.own_difference, name="own_difference"),
    path("differences/<int:difference_id>/settle/", views.settle_difference, name="settle_difference"),
    path("recoveries/", views.recovery_list, name="recovery_list"),
    path("recoveries/<int:recovery_id>/", views.recovery_detail, name="recovery"),
    path("recoveries/<int:recovery_id>/decide/", views.decide_recovery, name="decide_recovery"),
    path("recoveries/<int:recovery_id>/receive/", views.receive, name="receive"),
    path("bands/", views.band_list, name="band_list"),
    path("returns/", views.return_list, name="return_list"),
]
