"""What somebody uploads as a picture is drawn anew, in the sizes this site serves; nothing of the file itself is kept.

Not its metadata (where the camera stood, whose it was), nor what may hide behind the picture. Pillow is read when the
first picture comes: no command starts slower for it.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.pages.pictures import BIG_SIDE, MOST_BYTES, MOST_PIXELS, PLANS, SMALLEST, Drawn, Plan, Use

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
NO_PICTURE = N_("Please choose a picture as JPEG, PNG, WebP or GIF. A drawing as SVG has to be saved as PNG first.")
APPLE = N_(
    "This is a HEIC picture, which most browsers do not know. Please save it as JPEG first; an iPhone does so with "
    "“Most Compatible” in the settings of its camera."
)
TOO_LARGE = N_("This file is larger than 5 MB. Please choose a smaller one; 2400 pixels are wide enough.")
TOO_MANY = N_("This picture has more than 40 million pixels. Please make it smaller; 2400 pixels are wide enough.")
TOO_SMALL = N_("This picture is too small. It needs at least %(width)s × %(height)s pixels.")
BROKEN = N_("This picture cannot be read to its end. Please save it anew, or choose another one.")
# A hostile JPEG draws the same millions of pixels again and again; a photograph does so about ten times.
_MOST_DRAWN = 20 * MOST_PIXELS
_START_OF_SCAN = b"\xff\xda"
_QUALITIES = (82, 74, 64, 52, 40, 28, 16)
_FORMAT_OF = {"image/webp": "WEBP", "image/jpeg": "JPEG", "image/png": "PNG"}
_ONE_AT_A_TIME = threading.Lock()  # 40 million pixels take 160 MB for a moment


def draw(kind: PictureKind, upload: bytes) -> list[Drawn]:
    """The picture in all sizes of its kind. Takes a second or two, outside of any transaction. Raises FieldsRefused."""
    if len(upload) > MOST_BYTES:
        raise _refused(TOO_LARGE)
    with _ONE_AT_A_TIME, _every_fault_told():
        image = _in_order(_opened(kind, upload))
        image = _on_white(image) if kind is PictureKind.HERO else image
        return [_drawn(image, plan) for plan in PLANS[kind] if plan.use is not Use.WIDE or _is_worth(image, plan)]


def _refused(text: str, **values: int) -> FieldsRefused:
    return FieldsRefused({"picture": Message(text, values)})


@contextmanager
def _every_fault_told() -> Iterator[None]:
    """Whatever a decoder raises on a damaged or hostile file is one thing to whoever chose it."""
    from PIL import Image  # noqa: PLC0415 -- see above

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
    try:
        yield
    except FieldsRefused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _refused(TOO_MANY) from error
    except Exception as error:  # each decoder has its own, down to struct.error and IndexError
        raise _refused(BROKEN) from error


def _opened(kind: PictureKind, upload: bytes) -> "Image":
    """The picture by its head alone: what is too large is never decoded."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 -- see above

    if upload[4:8] == b"ftyp" and upload[8:11] in (b"hei", b"hev", b"mif"):
        raise _refused(APPLE)
    try:
        image = Image.open(io.BytesIO(upload), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise _refused(NO_PICTURE) from error
    width, height = image.size
    scans = upload.count(_START_OF_SCAN) if image.format in ("JPEG", "MPO") else 1
    if width * height * max(scans, 20) > _MOST_DRAWN:
        raise _refused(TOO_MANY)
    least = SMALLEST[kind]
    if min(width, height) < min(least) or max(width, height) < max(least):
        raise _refused(TOO_SMALL, width=least[0], height=least[1])
    return image


def _in_order(image: "Image") -> "Image":
    """Decoded, upright, no larger than it is used, in the colours of every screen, with nothing written into it."""
    from PIL import ImageOps  # noqa: PLC0415 -- see above

    image.draft("RGB", (BIG_SIDE, BIG_SIDE))  # a JPEG is made smaller while it is read
    profile = image.info.get("icc_profile")
    image.load()
    if image.mode in ("RGB", "RGBA", "L", "CMYK"):
        image.thumbnail((BIG_SIDE, BIG_SIDE))
    ImageOps.exif_transpose(image, in_place=True)
    image = _in_screen_colors(image, profile)
    image.thumbnail((BIG_SIDE, BIG_SIDE))
    image.info = {}
    return image


def _in_screen_colors(image: "Image", profile: bytes | None) -> "Image":
    """As sRGB, with its transparency."""
    from PIL import ImageCms  # noqa: PLC0415 -- see above

    if image.mode.startswith("I"):  # grey of 16 bits
        image = image.convert("I").point([value / 256 for value in range(65536)], "L")
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError):  # a profile that is none: the colours are taken as they are
            given, screen = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            opaque = image.convert("RGB") if image.mode == "RGBA" else image
            converted = ImageCms.profileToProfile(opaque, given, screen, outputMode="RGB")
            image = converted if converted is not None else image
    image = image.convert("RGB")
    if alpha is not None:
        image.putalpha(alpha)
    return image


def _on_white(image: "Image") -> "Image":
    from PIL import Image  # noqa: PLC0415 -- see above

    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _is_worth(image: "Image", plan: Plan) -> bool:
    """Whether a wide size shows more than the smaller ones do."""
    return image.width >= plan.width or plan.width == min(each.width for each in PLANS[PictureKind.HERO])


def _drawn(image: "Image", plan: Plan) -> Drawn:
    from PIL import Image, ImageOps  # noqa: PLC0415 -- see above

    size = (plan.width, plan.height)
    if plan.use in (Use.CARD, Use.WIDE) or plan.height != plan.width:
        sized = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    else:
        sized = ImageOps.pad(image.convert("RGBA"), size, Image.Resampling.LANCZOS, color=(0, 0, 0, 0))
        sized = _on_white(sized) if plan.use is Use.MAIL else sized
    return Drawn(plan, _written(sized, plan))


def _written(image: "Image", plan: Plan) -> bytes:
    """In the best quality that is small enough."""
    for quality in _QUALITIES:
        into = io.BytesIO()
        image.save(into, _FORMAT_OF[plan.type], quality=quality, optimize=True, progressive=True)
        content = into.getvalue()
        if len(content) <= plan.most:
            return content
        if plan.type == "image/png":  # it has no quality
            image = image.quantize(128)
    raise _refused(BROKEN)
