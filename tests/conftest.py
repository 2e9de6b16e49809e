"""Models exported once per test run: conversion takes seconds."""

from __future__ import annotations

import pytest

from tests.exported import Exported, export_random


@pytest.fixture(scope="session")
def scale_cnn(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """ScaleCNN with 2 channels on 8x8x1 images and 10 classes."""
    return export_random(tmp_path_factory.mktemp("scale_cnn"), "scale_cnn", 2, 1, 8, 10)


@pytest.fixture(scope="session")
def mobilenet(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """MobileNetV2 x0.1 on 32x32x3 images and 10 classes."""
    return export_random(tmp_path_factory.mktemp("mobilenet"), "mobilenet_v2", 0.1, 3, 32, 10)
