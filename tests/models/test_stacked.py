from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models import ModelError, ModelSpec, build
from models.stacked import StackedModel

CPU = torch.device("cpu")
SEEDS = 3


def modules_of(spec: ModelSpec) -> list[nn.Module]:
    modules = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        modules.append(build(spec).double())
    return modules


def optimizer_of(module: nn.Module) -> torch.optim.SGD:
    return torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)


def steps_alone(module: nn.Module, batches: list[tuple[Tensor, Tensor]], seed: int) -> None:
    torch.manual_seed(100 + seed)
    optimizer = optimizer_of(module)
    for images, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(module(images), labels).backward()
        optimizer.step()


def steps_together(stacked: StackedModel, batches: list[list[tuple[Tensor, Tensor]]]) -> None:
    for index in range(SEEDS):
        torch.manual_seed(100 + index)
        stacked.streams.keep(index, CPU)
    optimizer = optimizer_of(stacked)
    for parts in zip(*batches, strict=True):
        optimizer.zero_grad()
        logits = stacked(torch.cat([images for images, _ in parts], dim=1)).unbind(1)
        labels = [labels for _, labels in parts]
        sum(map(F.cross_entropy, logits, labels), torch.zeros(())).backward()
        optimizer.step()


def drawn(spec: ModelSpec, seed: int, steps: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    shape = (8, spec.in_channels, *spec.image_size)
    return [
        (
            torch.randn(shape, generator=generator, dtype=torch.float64),
            torch.randint(spec.classes, (8,), generator=generator),
        )
        for _ in range(steps)
    ]


@pytest.mark.parametrize(
    "spec",
    [
        ModelSpec("scale_cnn", 4, 3, (16, 16), 5),
        ModelSpec("scale_cnn", 1, 1, (9, 11), 2),
        ModelSpec("mobilenet_v2", 0.1, 3, (32, 32), 5),  # with dropout and residuals
    ],
)
def test_steps_of_the_stack_are_those_of_each_network_alone(spec: ModelSpec) -> None:
    modules = modules_of(spec)
    stacked = StackedModel(modules, spec)
    batches = [drawn(spec, seed, steps=2) for seed in range(SEEDS)]
    for seed, module in enumerate(modules):
        steps_alone(module, batches[seed], seed)
    steps_together(stacked, batches)
    for index, module in enumerate(modules):
        expected, found = module.state_dict(), stacked.state_of(index)
        assert expected.keys() == found.keys()
        for name, tensor in expected.items():
            torch.testing.assert_close(found[name], tensor, rtol=1e-7, atol=1e-9)


def test_a_stack_has_the_weights_of_each_network_and_leaves_theirs_alone() -> None:
    spec = ModelSpec("scale_cnn", 2, 3, (8, 8), 4)
    modules = modules_of(spec)
    before = [{k: v.clone() for k, v in one.state_dict().items()} for one in modules]
    stacked = StackedModel(modules, spec)
    with torch.no_grad():
        for parameter in stacked.parameters():
            parameter.add_(1)
    for index, module in enumerate(modules):
        for name, tensor in module.state_dict().items():
            assert torch.equal(tensor, before[index][name])
            moved = tensor + 1 if name in dict(module.named_parameters()) else tensor
            assert torch.equal(stacked.state_of(index)[name], moved)


class Own(nn.Module):
    """A small network with one thing that cannot be stacked, or none."""

    def __init__(self, oddity: str = "") -> None:
        super().__init__()
        self.oddity = oddity
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.GroupNorm(2, 4) if oddity == "layer" else nn.BatchNorm2d(4)
        self.last = nn.Linear(4, 3)
        if oddity == "tied":
            self.second.weight = nn.Parameter(torch.zeros(4, 4, 3, 3))
            self.third = nn.Conv2d(4, 4, 3, padding=1)
            self.third.weight = self.second.weight
        if oddity == "own weight":
            self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.norm(self.second(F.relu(self.first(images))))
        if self.oddity == "mixed":
            hidden = hidden - hidden.mean(dim=1, keepdim=True)
        if self.oddity == "dropout":
            hidden = F.dropout(hidden, 0.5, self.training)
        logits: Tensor = self.last(hidden.mean((2, 3)))
        return logits


@pytest.fixture
def stack() -> Callable[[str], StackedModel]:
    spec = ModelSpec("mine:Own", 1, 2, (6, 6), 3)
    return lambda oddity: StackedModel([Own(oddity) for _ in range(2)], spec)


def test_an_own_class_of_known_layers_is_stacked(stack: Callable[[str], StackedModel]) -> None:
    assert stack("")(torch.zeros(5, 4, 6, 6)).shape == (5, 2, 3)


@pytest.mark.parametrize(
    ("oddity", "message"),
    [
        ("layer", r"layer norm \(GroupNorm\) cannot be trained together"),
        ("own weight", r"layer itself \(Own\) cannot be trained together"),
        ("tied", "two of its layers share a weight"),
        ("mixed", "its forward does more than pass each channel through layers"),
        ("dropout", "its forward does more than pass each channel through layers"),
    ],
)
def test_what_cannot_be_stacked_is_one_line_that_says_what_to_do(
    stack: Callable[[str], StackedModel], oddity: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        stack(oddity)
    assert str(caught.value).endswith("use [train] together = 1")
