"""The six signers: how each one is built, looks, is filmed and moves."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]  # red, green, blue, 0..255
Hair = Literal["short", "bob", "long", "bun", "quiff", "curls"]
Pattern = Literal["plain", "stripes", "skirt", "cardigan"]
Furniture = Literal["pictures", "window", "shelf", "plant", "lamp", "tiles"]


@dataclass(frozen=True)
class Build:
    """Sizes relative to the average signer."""

    shoulders: float = 1.0
    girth: float = 1.0
    arms: float = 1.0
    hands: float = 1.0
    face: float = 1.0  # width


@dataclass(frozen=True)
class Looks:
    """Colours and clothes. `sleeves` is their length: 1 to the elbow, 2 to the wrist."""

    skin: Colour
    hair_style: Hair
    hair: Colour
    eyes: Colour
    clothes: Colour
    second_colour: Colour  # of stripes, skirt or shirt below the cardigan
    pattern: Pattern = "plain"
    sleeves: float = 0.6
    beard: bool = False
    glasses: bool = False


@dataclass(frozen=True)
class Camera:
    """A square picture without perspective.

    zoom: the share of the picture's side that one metre takes; `x` and `y` say where in the
    picture the point between the shoulders lies, in shares of the side from the top left.
    """

    zoom: float
    x: float
    y: float

    def project(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Points (..., 3) in metres as (..., 2) shares of the picture's side; 0..1 is inside."""
        return points[..., :2] * self.zoom + np.array([self.x, self.y])


@dataclass(frozen=True)
class Place:
    """Where the signer is filmed: wall colours at top and bottom, what stands there, and light.

    `light` points from the signer to the lamp.
    """

    top: Colour
    bottom: Colour
    furniture: Furniture
    accent: Colour
    light: tuple[float, float, float]


@dataclass(frozen=True)
class Signer:
    """One virtual person. `pace` and `reach` scale the speed and the size of movements."""

    name: str
    build: Build
    looks: Looks
    camera: Camera
    place: Place
    pace: float = 1.0
    reach: float = 1.0
    left_handed: bool = False
    rests_out_of_view: bool = False


SIGNERS = (
    Signer(
        "ada",
        Build(shoulders=0.94, girth=0.92, arms=0.97, hands=0.98, face=0.98),
        Looks(
            skin=(236, 194, 166),
            hair_style="bob",
            hair=(150, 66, 36),
            eyes=(70, 120, 90),
            clothes=(28, 112, 122),
            second_colour=(28, 112, 122),
            sleeves=0.62,
        ),
        Camera(zoom=0.88, x=0.50, y=0.41),
        Place((222, 214, 200), (186, 174, 158), "pictures", (196, 120, 84), (-0.5, -0.6, 0.8)),
    ),
    Signer(
        "bo",
        Build(shoulders=1.10, girth=1.16, arms=1.04, hands=1.07, face=1.05),
        Looks(
            skin=(138, 92, 64),
            hair_style="short",
            hair=(24, 20, 20),
            eyes=(48, 30, 22),
            clothes=(172, 202, 224),
            second_colour=(172, 202, 224),
            sleeves=1.8,
            beard=True,
        ),
        Camera(zoom=0.82, x=0.48, y=0.41),
        Place((206, 182, 128), (180, 152, 102), "shelf", (150, 104, 70), (0.5, -0.5, 0.8)),
        pace=0.88,
        reach=0.85,
    ),
    Signer(
        "cleo",
        Build(shoulders=0.95, girth=0.88, arms=1.0, hands=0.97, face=0.95),
        Looks(
            skin=(196, 142, 104),
            hair_style="long",
            hair=(34, 26, 28),
            eyes=(60, 40, 28),
            clothes=(238, 234, 226),
            second_colour=(40, 66, 122),
            pattern="stripes",
            sleeves=1.35,
        ),
        Camera(zoom=1.0, x=0.51, y=0.47),
        Place((176, 196, 164), (140, 164, 132), "plant", (60, 122, 74), (-0.2, -0.7, 0.8)),
        pace=1.12,
        rests_out_of_view=True,
    ),
    Signer(
        "dara",
        Build(shoulders=0.98, girth=1.06, arms=0.96, hands=0.98, face=1.02),
        Looks(
            skin=(224, 178, 144),
            hair_style="bun",
            hair=(176, 174, 178),
            eyes=(86, 104, 120),
            clothes=(112, 52, 96),
            second_colour=(226, 208, 214),
            pattern="cardigan",
            sleeves=1.5,
            glasses=True,
        ),
        Camera(zoom=0.85, x=0.52, y=0.42),
        Place((214, 196, 178), (180, 156, 138), "lamp", (250, 226, 160), (0.6, -0.5, 0.7)),
        pace=0.95,
        reach=0.95,
        left_handed=True,
    ),
    Signer(
        "otto",
        Build(shoulders=1.05, girth=0.95, arms=1.06, hands=1.04, face=0.97),
        Looks(
            skin=(246, 210, 188),
            hair_style="quiff",
            hair=(214, 172, 98),
            eyes=(74, 122, 164),
            clothes=(56, 112, 70),
            second_colour=(56, 112, 70),
            sleeves=1.8,
        ),
        Camera(zoom=0.95, x=0.49, y=0.46),
        Place((196, 208, 222), (164, 178, 196), "window", (236, 244, 250), (0.3, -0.6, 0.9)),
        pace=1.05,
        reach=1.15,
        rests_out_of_view=True,
    ),
    Signer(
        "mara",
        Build(shoulders=0.92, girth=0.98, arms=0.95, hands=0.95, face=1.0),
        Looks(
            skin=(174, 121, 88),
            hair_style="curls",
            hair=(44, 28, 24),
            eyes=(52, 34, 24),
            clothes=(238, 226, 214),
            second_colour=(70, 100, 150),
            pattern="skirt",
            sleeves=0.5,
        ),
        Camera(zoom=0.92, x=0.49, y=0.42),
        Place((198, 186, 222), (168, 154, 196), "tiles", (236, 228, 246), (-0.4, -0.5, 0.9)),
        pace=1.03,
        reach=1.05,
    ),
)
