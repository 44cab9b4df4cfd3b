from rollbook.faces.rules import liveness as liveness
from rollbook.faces.rules.templates import *  # noqa: F403
