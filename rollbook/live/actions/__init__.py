from rollbook.live.actions.looking import call_to_camera, count_heads, file_view, may_watch, take_picture, watch
from rollbook.live.actions.recording import cut_recording, file_gaps, take_left_behind, take_recorded
from rollbook.live.actions.sampling import sample_classrooms
from rollbook.live.actions.sending import (
    admit_sending,
    end_sending,
    end_silent,
    keep_sending,
    register_camera,
    revoke_camera,
)

__all__ = [
    "admit_sending",
    "call_to_camera",
    "count_heads",
    "cut_recording",
    "end_sending",
    "end_silent",
    "file_gaps",
    "file_view",
    "keep_sending",
    "may_watch",
    "register_camera",
    "revoke_camera",
    "sample_classrooms",
    "take_left_behind",
    "take_picture",
    "take_recorded",
    "watch",
]
