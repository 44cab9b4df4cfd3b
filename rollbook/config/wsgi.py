import os

from django.core.wsgi import get_wsgi_application

from rollbook.config.overload import Shedding

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
whole = get_wsgi_application()

from rollbook.config.keyed import Keyed  # noqa: E402 asks for settings

# Of the 32 threads of a process (`serve.web_server`), a quarter is left to turn others away.
application = Shedding(Keyed(whole), most=24)
