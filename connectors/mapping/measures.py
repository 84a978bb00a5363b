"""What wearables measure, as LOINC and UCUM say it: one row a measure (wire contract 14)."""

from __future__ import annotations

from dataclasses import dataclass

ACTIVITY, VITAL_SIGNS, EXAM = "activity", "vital-signs", "exam"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """`key` begins the source ids and names the ledger's row. `codes` are LOINC, the first the one
    that simple clients read; a day total ends with `whole_day` when the local day is over, with
    `part_day` while it runs. `zero` tells whether 0 is a value or means "not measured".
    """

    key: str
    text: str
    codes: tuple[str, ...]
    unit: str
    ucum: str
    category: str = ""
    whole_day: str = ""
    part_day: str = ""
    zero: bool = True


STEPS = Measure(
    key="steps",
    text="Steps",
    codes=("66334-4",),
    unit="steps",
    ucum="{steps}",
    category=ACTIVITY,
    whole_day="41950-7",
    part_day="55423-8",
)
DISTANCE = Measure(
    key="distance", text="Distance", codes=("55430-3",), unit="m", ucum="m", category=ACTIVITY
)
FLOORS = Measure(
    key="floors",
    text="Floors climbed",
    codes=("100304-5",),
    unit="floors",
    ucum="{flight}",
    category=ACTIVITY,
)
ACTIVE_ENERGY = Measure(
    key="active-energy",
    text="Active energy",
    codes=("41981-2",),
    unit="kcal",
    ucum="kcal",
    category=ACTIVITY,
)
HEART_RATE = Measure(
    key="heart-rate",
    text="Heart rate",
    codes=("8867-4",),
    unit="/min",
    ucum="/min",
    category=VITAL_SIGNS,
    zero=False,
)
RESTING_HEART_RATE = Measure(
    key="resting-heart-rate",
    text="Resting heart rate",
    codes=("40443-4",),
    unit="/min",
    ucum="/min",
    category=ACTIVITY,
    zero=False,
)
WEIGHT = Measure(
    key="weight",
    text="Weight",
    codes=("29463-7",),
    unit="kg",
    ucum="kg",
    category=VITAL_SIGNS,
    zero=False,
)
BODY_FAT = Measure(
    key="body-fat",
    text="Body fat",
    codes=("41982-0",),
    unit="%",
    ucum="%",
    category=EXAM,
    zero=False,
)
SLEEP = Measure(
    key="sleep", text="Sleep", codes=("93832-4",), unit="min", ucum="min", category=ACTIVITY
)

DEEP_SLEEP = Measure(
    key="deep-sleep", text="Deep sleep", codes=("93831-6",), unit="min", ucum="min"
)
LIGHT_SLEEP = Measure(
    key="light-sleep", text="Light sleep", codes=("93830-8",), unit="min", ucum="min"
)
REM_SLEEP = Measure(key="rem-sleep", text="REM sleep", codes=("93829-0",), unit="min", ucum="min")
TIME_IN_BED = Measure(
    key="time-in-bed", text="Time in bed", codes=("103213-5",), unit="min", ucum="min"
)
SLEEP_LATENCY = Measure(
    key="sleep-latency", text="Time to fall asleep", codes=("103212-7",), unit="min", ucum="min"
)
AWAKE = Measure(key="awake", text="Time awake", codes=("103210-1",), unit="min", ucum="min")
AWAKENINGS = Measure(
    key="awakenings", text="Awakenings", codes=("103211-9",), unit="times", ucum="{count}"
)
