"""How a photo of the demo gets onto the server: painted, declared, sent where the server says, and waited for."""

import asyncio
import hashlib

from runtime.demo.errors import DemoError
from runtime.demo.member import Member
from runtime.demo.story import Photo
from stores.pillow.scenery import scenery

_POLLS_COUNT = 300


async def upload(owner: Member, photo: Photo) -> str:
    """The id of the media once it is ready."""
    content = await asyncio.to_thread(scenery, photo.scene, photo.seed, photo.width, photo.height)
    declared = (await owner.ask("POST", "/v1/media", _declaration(photo, content))).json()
    path = f"/v1/media/{declared['media']['id']}"
    await owner.client.upload(declared["upload"], content)
    answer = await owner.ask("POST", f"{path}/complete")
    for _ in range(_POLLS_COUNT):
        media = answer.json()
        if media["status"] == "ready":
            return str(media["id"])
        if media["status"] == "rejected":
            raise DemoError(f"The server rejected a photo: {media['reason']}. Look at the server's log.")
        await owner.client.pause(answer)
        answer = await owner.ask("GET", path)
    raise DemoError(f"{path} is not getting ready. Look at the server's log.")


def _declaration(photo: Photo, content: bytes) -> dict[str, object]:
    return {
        "type": "photo",
        "content_type": "image/jpeg",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "alt_text": photo.alt_text,
        "filter": photo.filter,
    }
