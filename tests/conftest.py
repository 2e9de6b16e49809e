"""What every test run shares: the answer to Ctrl-C, and models exported once."""

from __future__ import annotations

import signal

import pytest

from export.form import Form
from tests.exported import Exported, export_random
from tests.tensorflow_part import need_tensorflow

# A shell's `&` and nohup have what they start ignore Ctrl-C, and programs started by a test
# would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def scale_cnn(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """ScaleCNN with 2 channels on 8x8x1 images and 10 classes."""
    return export_random(tmp_path_factory.mktemp("scale_cnn"), "scale_cnn", 2, 1, 8, 10)


@pytest.fixture(scope="session")
def mobilenet(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """MobileNetV2 x0.1 on 32x32x3 images and 10 classes."""
    return export_random(tmp_path_factory.mktemp("mobilenet"), "mobilenet_v2", 0.1, 3, 32, 10)


@pytest.fixture(scope="session")
def scale_cnn_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The network of `scale_cnn` by TensorFlow's own converter."""
    need_tensorflow()
    folder = tmp_path_factory.mktemp("scale_cnn_tensorflow")
    return export_random(folder, "scale_cnn", 2, 1, 8, 10, Form(converter="tensorflow"))


@pytest.fixture(scope="session")
def mobilenet_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The network of `mobilenet` by TensorFlow's own converter."""
    need_tensorflow()
    folder = tmp_path_factory.mktemp("mobilenet_tensorflow")
    return export_random(folder, "mobilenet_v2", 0.1, 3, 32, 10, Form(converter="tensorflow"))
