from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from models import FAMILIES, ModelError, ModelSpec, UnknownFamilyError, build
from models.macs import count_macs, count_parameters

# Table 2 of arXiv 2603.07365, trainable parameters at 100 classes.
PAPER_PARAMETERS = {
    ("scale_cnn", 4): 21_936,
    ("scale_cnn", 8): 80_348,
    ("scale_cnn", 12): 175_336,
    ("scale_cnn", 16): 306_900,
    ("scale_cnn", 24): 679_756,
    ("scale_cnn", 32): 1_198_916,
    ("scale_cnn", 48): 2_676_148,
    ("scale_cnn", 64): 4_738_596,
    ("mobilenet_v2", 0.10): 214_180,
    ("mobilenet_v2", 0.15): 262_596,
    ("mobilenet_v2", 0.25): 366_212,
    ("mobilenet_v2", 0.35): 524_228,
    ("mobilenet_v2", 0.50): 815_780,
    ("mobilenet_v2", 0.75): 1_483_524,
    ("mobilenet_v2", 1.00): 2_351_972,
    ("mobilenet_v2", 1.50): 5_129_252,
    ("mobilenet_v2", 2.00): 8_953_188,
    ("mobilenet_v2", 3.00): 19_803_748,
}


def spec(family: str, width: float, **changes: object) -> ModelSpec:
    content = {"in_channels": 3, "image_size": (32, 32), "classes": 100} | changes
    return ModelSpec(family, width, **content)  # type: ignore[arg-type]


@pytest.mark.parametrize(("family", "width"), PAPER_PARAMETERS)
def test_every_width_has_exactly_the_parameters_of_the_paper(family: str, width: float) -> None:
    with torch.device("meta"):
        module = build(spec(family, width))
    assert count_parameters(module) == PAPER_PARAMETERS[family, width]


def test_the_smallest_scale_cnn_takes_924800_multiply_accumulates() -> None:
    one = spec("scale_cnn", 4)
    by_hand = 1024 * 9 * (3 * 4 + 4 * 4) + 256 * 9 * (4 * 8 + 8 * 8)
    by_hand += 64 * 9 * (8 * 16 + 16 * 16) + 16 * 9 * (16 * 32 + 32 * 32) + 32 * 100
    assert count_macs(build(one), one) == by_hand == 924_800


@pytest.mark.parametrize("family", FAMILIES)
def test_macs_are_half_the_flops_that_torch_counts(family: str) -> None:
    one = spec(family, {"scale_cnn": 8, "mobilenet_v2": 0.25}[family])
    module = build(one).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, 3, 32, 32))
    assert count_macs(module, one) * 2 == counter.get_total_flops()


def test_a_transposed_convolution_counts_each_input_pixel() -> None:
    module = nn.ConvTranspose2d(4, 6, kernel_size=3, stride=2, groups=2)
    one = spec("scale_cnn", 4, in_channels=4, image_size=(5, 7))
    assert count_macs(module, one) == 5 * 7 * 4 * 9 * 3


def test_counting_leaves_the_module_as_it_was() -> None:
    one = spec("scale_cnn", 2)
    module = build(one)
    module.features[1].eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    modes = [layer.training for layer in module.modules()]
    count_macs(module, one)
    assert [layer.training for layer in module.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert not any(layer._forward_hooks for layer in module.modules())


@pytest.mark.parametrize(("family", "width"), [("scale_cnn", 2), ("mobilenet_v2", 0.1)])
@pytest.mark.parametrize("image_size", [(8, 8), (9, 31), (64, 64)])
def test_image_size_channels_and_classes_are_parameters(
    family: str, width: float, image_size: tuple[int, int]
) -> None:
    module = build(spec(family, width, in_channels=2, image_size=image_size, classes=7))
    assert module.training
    assert module(torch.rand(3, 2, *image_size)).shape == (3, 7)


def test_the_first_convolution_of_mobilenet_keeps_the_image_size() -> None:
    module = build(spec("mobilenet_v2", 0.1))
    assert module.network.features[0][0](torch.zeros(1, 3, 8, 8)).shape[2:] == (8, 8)


def test_equal_seeds_give_equal_weights() -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return torch.cat([one.flatten() for one in build(spec("scale_cnn", 2)).parameters()])

    with torch.random.fork_rng():
        assert torch.equal(weights(1), weights(1))
        assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize(
    ("family", "width", "message"),
    [
        ("scale_cnn", 0, "width must be a positive number, got 0"),
        ("scale_cnn", -4, "width must be a positive number, got -4"),
        ("scale_cnn", float("nan"), "width must be a positive number, got nan"),
        ("scale_cnn", 2.5, "whole number of channels, 1 to 4096, got 2.5"),
        ("scale_cnn", 5000, "whole number of channels, 1 to 4096, got 5000"),
        ("mobilenet_v2", 0.001, "width multiplier must be 0.01 to 64, got 0.001"),
        ("mobilenet_v2", 1e9, "width multiplier must be 0.01 to 64, got 1e"),
    ],
)
def test_a_width_that_makes_no_sense_is_an_error(family: str, width: float, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build(spec(family, width))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": (7, 32)}, "at least 8x8, got 7x32"),
        ({"image_size": (0, 32)}, "a side of the image must be 1 to 4096, got 0"),
        ({"in_channels": 0}, "in_channels must be 1 to 4096, got 0"),
        ({"classes": 1}, "classes must be 2 to 1000000, got 1"),
    ],
)
def test_an_image_or_class_count_that_makes_no_sense_is_an_error(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        build(spec("scale_cnn", 4, **changes))


def test_an_unknown_family_lists_the_known_ones() -> None:
    with pytest.raises(UnknownFamilyError, match="'resnet'; known: scale_cnn, mobilenet_v2"):
        build(spec("resnet", 4))
