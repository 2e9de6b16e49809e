from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models import ModelError, ModelSpec, build

SOURCE = """
import torch
from torch import nn

class Flat(nn.Module):
    def __init__(self, *, width, in_channels, image_size, classes):
        super().__init__()
        height, breadth = image_size
        self.linear = nn.Linear(in_channels * height * breadth, classes)

    def forward(self, images):
        return self.linear(images.flatten(1))

class WrongShape(Flat):
    def forward(self, images):
        return super().forward(images)[:, :-1]

class NotATensor(Flat):
    def forward(self, images):
        return (super().forward(images),)

class WrongArguments(nn.Module):
    def __init__(self, channels):
        super().__init__()

class Crashes(Flat):
    def forward(self, images):
        raise KeyError("two\\nlines")

class NotAModule:
    pass

function = len
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_networks.py").write_text(SOURCE)
    (tmp_path / "broken_networks.py").write_text("class Flat(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "own_networks"


def build_own(family: str) -> torch.nn.Module:
    return build(ModelSpec(family, 1.0, in_channels=2, image_size=(3, 4), classes=5))


def test_a_class_of_ones_own_is_found_by_module_and_name(own: str) -> None:
    module = build_own(f"{own}:Flat")
    assert module.training
    assert module(torch.rand(3, 2, 3, 4)).shape == (3, 5)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ("own_networks:Missing", "must be a torch.nn.Module class, found nothing of that name"),
        ("own_networks:NotAModule", "must be a torch.nn.Module class, found a type"),
        ("own_networks:function", "found a builtin_function_or_method"),
        ("own_networks:", "found nothing of that name"),
        ("own_networks:WrongShape", r"must return .* \(2, 5\) logits, got shape \(2, 4\)"),
        ("own_networks:NotATensor", "must return a tensor of logits, got tuple"),
        ("own_networks:WrongArguments", "cannot be built with width=1.*TypeError"),
        ("own_networks:Crashes", r"cannot be built with width=1.*KeyError: 'two\\nlines'"),
        ("no_such_networks:Flat", "importing 'no_such_networks' failed: ModuleNotFoundError"),
        ("broken_networks:Flat", "importing 'broken_networks' failed: SyntaxError"),
        (":Flat", "importing '' failed"),
    ],
)
def test_a_class_that_cannot_be_used_is_one_clear_line(own: str, family: str, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        build_own(family)
    assert "\n" not in str(caught.value)
