"""gunicorn's own messages in the form of all others: ``--logger-class vsmanager.weblog.Logger``."""

from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from .start import read_settings


class Logger(GunicornLogger):  # type: ignore[misc]
    """Hands on to the log that the settings make. A bad variable ends the start in one line."""

    def setup(self, cfg: Any) -> None:
        read_settings(service=True)
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in list(log.handlers):
                if getattr(handler, "_gunicorn", False):
                    log.removeHandler(handler)
            log.propagate = True
