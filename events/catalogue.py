"""Every event class there is, by type and version. The only module of `events` that knows every slice."""

from events.accounts import AccountRegistered, AccountSeen, ProfileChanged
from events.comments import CommentAdded, CommentDeleted, CommentEdited
from events.envelope import Envelope
from events.graph import Followed, Unfollowed
from events.likes import PostLiked, PostUnliked
from events.media import (
    MediaAttached,
    MediaDeleted,
    MediaEdited,
    MediaProcessed,
    MediaRejected,
    MediaUploaded,
    MediaUploadStarted,
)
from events.names import NameClaimed, NameKept, NameReleased
from events.operations import (
    GenerationDropped,
    GenerationRepaired,
    GenerationRetired,
    GenerationRolledBack,
    GenerationSwitched,
    GenerationVerified,
    ParkedDiscarded,
    ParkedRetried,
)
from events.posts import PostCreated, PostDeleted, PostEdited
from events.saves import PostSaved, PostUnsaved

EVENTS: tuple[type[Envelope], ...] = (
    NameClaimed,
    NameKept,
    NameReleased,
    AccountRegistered,
    ProfileChanged,
    AccountSeen,
    Followed,
    Unfollowed,
    PostCreated,
    PostEdited,
    PostDeleted,
    MediaUploadStarted,
    MediaUploaded,
    MediaProcessed,
    MediaRejected,
    MediaEdited,
    MediaAttached,
    MediaDeleted,
    PostLiked,
    PostUnliked,
    CommentAdded,
    CommentEdited,
    CommentDeleted,
    PostSaved,
    PostUnsaved,
    GenerationSwitched,
    GenerationRolledBack,
    GenerationVerified,
    GenerationRepaired,
    GenerationRetired,
    GenerationDropped,
    ParkedRetried,
    ParkedDiscarded,
)

BY_TYPE: dict[str, type[Envelope]] = {event.type: event for event in EVENTS}
