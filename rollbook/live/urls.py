from django.urls import path

from rollbook.live import views

app_name = "live"

urlpatterns = [
    path("", views.wall, name="wall"),
    path("more-faces/", views.more_faces, name="more_faces"),
    path("watch/", views.watch, name="watch"),
    path("cameras/", views.camera_list, name="camera_list"),
    path("cameras/register/", views.register, name="register"),
    path("cameras/<int:camera_id>/revoke/", views.revoke, name="revoke"),
    path("cameras/<int:camera_id>/view/", views.file_view, name="file_view"),
    path("cameras/<int:camera_id>/hls/<str:key>/<str:name>", views.hls, name="hls"),
    path("lessons/<int:lesson_id>/", views.lesson, name="lesson"),
    path("lessons/<int:lesson_id>/picture/", views.picture, name="picture"),
    path("lessons/<int:lesson_id>/call/", views.call, name="call"),
    path("counts/<int:count_id>/", views.count, name="count"),
    path("recordings/", views.recording_list, name="recording_list"),
    path("recordings/<int:recording_id>/", views.recording, name="recording"),
    path("hooks/<str:key>/<slug:what>/", views.hook, name="hook"),
]
