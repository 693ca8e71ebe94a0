"""predict, train, evaluate: the only place where rooms meet."""

from roofgeo.pipeline.evaluation import evaluate, figures_table
from roofgeo.pipeline.prediction import PredictResult, predict
from roofgeo.pipeline.progress import Progress
from roofgeo.pipeline.training import train

__all__ = ["PredictResult", "Progress", "evaluate", "figures_table", "predict", "train"]
