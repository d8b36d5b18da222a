"""The sides that mods run on and the types they have, in words."""

from django.utils.translation import gettext_lazy as _

SIDES = {"both": _("both"), "client": _("client"), "server": _("server")}
TYPES = {"mod": _("mod"), "externaltool": _("external tool"), "other": _("other")}
