from ..news.models import NewsChannel, NewsCursor, NewsFlip, NewsMessage, NewsRule
from .catalogue import Mod, ModDetail
from .change import Change, Kind
from .release import Release
from .tracked import Origin, TrackedMod
from .upstream import UpstreamCount
from .version import Channel, GameVersion, SourceCheck
from .words import ModWords

__all__ = [
    "Change",
    "Channel",
    "GameVersion",
    "Kind",
    "Mod",
    "ModDetail",
    "ModWords",
    "NewsChannel",
    "NewsCursor",
    "NewsFlip",
    "NewsMessage",
    "NewsRule",
    "Origin",
    "Release",
    "SourceCheck",
    "TrackedMod",
    "UpstreamCount",
]
