"""A picture is drawn anew: what hides in a file, or would take our memory, does not get past."""

import io
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image, ImageCms

from proca_web.adapters.drawing import pictures
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.pages.pictures import HERO_PLAN, LOGO_PLAN, Drawn, Use
from proca_web.models.showing import LARGEST_IMAGE

HERO, LOGO = PictureKind.HERO, PictureKind.LOGO
CAMERA, PLACE = 0x0110, 0x8825


def file(image: Image.Image, kind: str, **how: object) -> bytes:
    into = io.BytesIO()
    image.save(into, kind, **how)
    return into.getvalue()


def plain(width: int = 1200, height: int = 800, color: object = "teal", mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), color)  # type: ignore[arg-type]


def opened(drawn: Drawn) -> Image.Image:
    return Image.open(io.BytesIO(drawn.content))


def refusal(kind: PictureKind, upload: bytes) -> str:
    with pytest.raises(FieldsRefused) as refused:
        pictures.draw(kind, upload)
    return refused.value.faults["picture"].text


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "WEBP", "GIF"])
def test_a_picture_is_drawn_in_all_sizes_it_is_served_in(kind: str) -> None:
    drawn = pictures.draw(HERO, file(plain(), kind))
    assert [each.plan for each in drawn] == list(HERO_PLAN)
    for each in drawn:
        image = opened(each)
        assert image.size == (each.plan.width, each.plan.height)
        assert Image.MIME[image.format or ""] == each.plan.type
        assert len(each.content) <= each.plan.most <= LARGEST_IMAGE


def test_what_the_camera_wrote_is_gone_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[CAMERA], exif[0x0112] = "Canary 7", 6  # turned by a quarter
    exif.get_ifd(PLACE)[1] = "N"
    photo = plain(800, 1200, "white")
    photo.paste("red", (0, 0, 400, 1200))
    upload = file(photo, "JPEG", exif=exif, comment=b"Canary 7") + b"<script>Canary 7</script>"
    drawn = pictures.draw(HERO, upload)
    for each in drawn:
        assert b"Canary" not in each.content
        assert not opened(each).getexif()
        assert not {"comment", "exif", "icc_profile", "xmp"} & set(opened(each).info)
    pixel = opened(drawn[-1]).convert("RGB").getpixel((400, 20))
    assert isinstance(pixel, tuple)
    red, _, blue = pixel
    assert red > 200, "the red half is on top now"
    assert blue < 100


def test_colours_are_those_of_every_screen() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for upload in (file(plain(), "JPEG", icc_profile=profile), file(plain(), "JPEG", icc_profile=b"none")):
        assert "icc_profile" not in opened(pictures.draw(HERO, upload)[0]).info
    grey = pictures.draw(LOGO, file(plain(300, 300, 30000, "I;16"), "PNG"))
    assert opened(grey[-1]).convert("RGB").getpixel((40, 40)) == (117, 117, 117)
    assert pictures.draw(HERO, file(plain(color=(0, 9, 99, 0), mode="CMYK"), "JPEG"))


def test_a_logo_keeps_its_transparency_and_a_hero_stands_on_white() -> None:
    clear = file(plain(600, 300, (255, 0, 0, 0), "RGBA"), "PNG")
    logo = {(each.plan.use, each.plan.width): opened(each) for each in pictures.draw(LOGO, clear)}
    assert len(logo) == len(LOGO_PLAN)
    assert logo[Use.MARK, 96].convert("RGBA").getpixel((48, 48))[3] == 0  # type: ignore[index]
    assert logo[Use.MAIL, 96].convert("RGB").getpixel((48, 48)) == (255, 255, 255)
    (card, *_) = pictures.draw(HERO, clear)
    assert min(opened(card).convert("RGB").getpixel((600, 300))) > 250  # type: ignore[type-var, arg-type]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_what_moves_the_first_frame_is_taken(kind: str) -> None:
    frames = [plain(700, 400, color) for color in ("white", "black", "red")]
    moving = file(frames[0], kind, save_all=True, append_images=frames[1:])
    for each in pictures.draw(HERO, moving):
        assert getattr(opened(each), "n_frames", 1) == 1
        assert min(opened(each).convert("RGB").getpixel((9, 9))) > 250  # type: ignore[type-var, arg-type]


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"just text",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7",
        b"\x00\x00\x00\x1cftypavif" + bytes(400),
        file(plain(), "BMP"),
        file(plain(), "TIFF"),
        file(plain(256, 256), "ICO"),
    ],
)
def test_other_kinds_of_files_are_refused(upload: bytes) -> None:
    assert refusal(HERO, upload) == pictures.NO_PICTURE


def test_a_picture_of_a_telephone_is_told_how_to_come() -> None:
    assert refusal(HERO, b"\x00\x00\x00\x18ftypheic" + bytes(400)) == pictures.APPLE


def test_a_file_of_more_than_five_megabytes_is_not_looked_at() -> None:
    assert refusal(HERO, file(plain(), "JPEG") + bytes(20_000_000)) == pictures.TOO_LARGE


def bomb(width: int, height: int) -> bytes:
    """A PNG whose head says how large it is; there is hardly anything behind it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(6400, 6400), (60_000, 60_000), (2**31 - 1, 1000)])
def test_an_image_bomb_is_refused_by_its_head(size: tuple[int, int]) -> None:
    assert refusal(HERO, bomb(*size)) == pictures.TOO_MANY


def test_a_picture_that_is_drawn_again_and_again_is_refused() -> None:
    photo = file(plain(4000, 3000), "JPEG")
    assert refusal(HERO, photo + 100 * b"\xff\xda") == pictures.TOO_MANY


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_that_ends_too_early_is_refused(kind: str) -> None:
    whole = file(Image.effect_noise((1200, 800), 90), kind)
    assert refusal(HERO, whole[: len(whole) // 2]) in (pictures.BROKEN, pictures.NO_PICTURE)


def test_a_picture_that_is_too_small_is_refused() -> None:
    assert refusal(HERO, file(plain(599, 300), "PNG")) == pictures.TOO_SMALL
    assert refusal(LOGO, file(plain(63, 200), "PNG")) == pictures.TOO_SMALL


def test_no_command_starts_slower_for_it() -> None:
    code = "import sys, proca_web.app; print([name for name in sys.modules if name.startswith('PIL')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
