"""The splits of a data set as MLflow inputs: named by their digest, no image copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.data.split import Split

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

DIGEST_LENGTH = 36
"""MLflow's limit; the run's tags hold all 64 digits."""
_CONTEXT = "mlflow.data.context"


def dataset_input(name: str, split: Split, source: str) -> DatasetInput:
    """Return a split of the data set `name` as the input of a run.

    Its context is the split's name: train, calibration or test. Shapes and dtypes are logged;
    images and labels stay where they are.
    """
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.numpy_dataset import from_numpy
    from mlflow.entities import Dataset, DatasetInput, InputTag

    origin = CodeDatasetSource(
        {
            "mlflow.source.type": "LOCAL",
            "mlflow.source.name": f"[data] source = {source!r}",
            "tinygate.digest": split.digest,
        }
    )
    facts = from_numpy(
        split.images,
        source=origin,
        targets=split.labels,
        name=name,
        digest=split.digest[:DIGEST_LENGTH],
    ).to_dict()
    return DatasetInput(Dataset(**facts), [InputTag(_CONTEXT, split.name)])
