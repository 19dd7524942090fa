import numpy as np
from check import Case
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

POINTS = np.random.default_rng(5).random((30, 3))
CLASSES = (POINTS[:, 0] > 0.5).astype(int)
ULP = 1 + 2.0**-50


def fitted(kind, points=POINTS, **how):
    model = kind(**how)
    return model.fit(points, CLASSES)


def used(model):
    repr(model), model.get_params(), model.n_features_in_, model.score(POINTS, CLASSES)
    for ask in ("predict", "predict_proba", "transform", "kneighbors"):
        if hasattr(model, ask):
            getattr(model, ask)(POINTS)
    return model


def cases():
    for kind, how in ((LinearRegression, {}), (DecisionTreeRegressor, {"random_state": 1}), (RandomForestClassifier, {"random_state": 1, "n_estimators": 3}),
                      (KMeans, {"n_clusters": 2, "random_state": 1, "n_init": 2})):
        yield Case(kind.__name__, fitted(kind, **how), itself=True, own=["joblib", "scipy"], equal=lambda a, b: (a.predict(POINTS) == b.predict(POINTS)).all(), same=[used(fitted(kind, **how))],
                   different=[kind(**how), fitted(kind, POINTS * 2, **how)])
    yield Case("pipeline", make_pipeline(StandardScaler(), LinearRegression()).fit(POINTS, CLASSES), itself=True, own=["scipy"],
               equal=lambda a, b: (a.predict(POINTS) == b.predict(POINTS)).all(), different=[make_pipeline(StandardScaler(), LinearRegression())])
