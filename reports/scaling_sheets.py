"""The tables of an analysis: error against size, training loss, spectrum and rank."""

from __future__ import annotations

from harness.scaling.analysis import Analysis
from harness.scaling.curves import Curve
from reports.sheet import Sheet, sheet


def scaling_sheets(analysis: Analysis) -> tuple[Sheet, ...]:
    """Return the tables that have rows, in the order in which they are read."""
    sheets = (
        _sizes(analysis),
        _power_laws(analysis),
        _seed_exponents(analysis),
        _tests(analysis),
        _steps(analysis),
        _saturation(analysis),
        _curves(analysis),
        _losses(analysis),
        _loss_laws(analysis),
        _spectrum(analysis),
        _ranks(analysis),
        _layers(analysis),
        _efficiencies(analysis),
    )
    return tuple(one for one in sheets if one.rows)


def _sizes(analysis: Analysis) -> Sheet:
    return sheet(
        "sizes",
        "Sizes",
        "Test error rate, in percent; mean and sample standard deviation over the seeds.",
        "size:t family:t width parameters error_percent error_std seeds",
        [
            (
                s.name,
                s.family,
                s.width,
                s.parameters,
                100 * s.error,
                None if s.error_std is None else 100 * s.error_std,
                s.models,
            )
            for s in analysis.sizes
        ],
    )


def _power_laws(analysis: Analysis) -> Sheet:
    return sheet(
        "power_laws",
        "Power law of each family",
        "error = coefficient N^-alpha by least squares on logarithms, one point a size. The first "
        "interval (95 %, Student's t) holds how far sizes lie off one line; the second, how far "
        "the mean of the per-seed exponents may be off.",
        "family:t sizes alpha alpha_95:i r2 coefficient seeds seed_mean seed_std seed_95:i",
        [
            (
                law.family,
                law.sizes,
                law.alpha,
                law.alpha_interval,
                law.r2,
                law.coefficient,
                len(law.seed_alphas),
                law.seed_mean,
                law.seed_std,
                law.seed_interval,
            )
            for law in analysis.power_laws
        ],
    )


def _seed_exponents(analysis: Analysis) -> Sheet:
    return sheet(
        "seed_exponents",
        "Exponent of each seed",
        "The same fit over the models of one seed; seeds that lack a size are left out.",
        "family:t seed alpha",
        [(law.family, seed, a) for law in analysis.power_laws for seed, a in law.seed_alphas],
    )


def _tests(analysis: Analysis) -> Sheet:
    return sheet(
        "exponent_tests",
        "Exponents of two families compared",
        "Two-sided. `seeds`: Welch's two-sample t-test of the per-seed exponents, which sees "
        "training noise alone. `slopes`: the fitted slopes by their standard errors, which hold "
        "the misfit of the power law.",
        "first:t second:t method:t difference t degrees_of_freedom p",
        [
            (o.first, o.second, o.method, o.difference, o.t, o.degrees, o.p)
            for o in analysis.exponent_tests
        ],
    )


def _steps(analysis: Analysis) -> Sheet:
    return sheet(
        "local_exponents",
        "Local exponents between neighbours",
        "alpha = -ln(e2 / e1) / ln(N2 / N1). The interval (95 %, Welch) is of the spread over "
        "seeds. gain_points: percentage points of accuracy per doubling of N; errors_removed: the "
        "share of the errors that a doubling takes away, in percent.",
        "family:t smaller larger parameters_smaller parameters_larger alpha alpha_95:i gain_points "
        "errors_removed_percent saturated:t",
        [
            (
                step.family,
                step.smaller,
                step.larger,
                *step.parameters,
                step.alpha,
                step.alpha_interval,
                step.gain_points,
                100 * step.error_reduction,
                "yes" if step.saturated else "no",
            )
            for step in analysis.steps
        ],
    )


def _saturation(analysis: Analysis) -> Sheet:
    return sheet(
        "saturation",
        "Saturation",
        "The size from which every further doubling takes away less than the threshold, a share of "
        "the errors; a dash where the last step still gains more.",
        "family:t threshold_percent saturated_from_width saturated_from_parameters "
        "last_errors_removed_percent last_alpha",
        [
            (
                one.family,
                100 * one.threshold,
                one.width,
                one.parameters,
                100 * one.last_reduction,
                one.last_alpha,
            )
            for one in analysis.saturation
        ],
    )


def _curves(analysis: Analysis) -> Sheet:
    return sheet(
        "curves",
        "Four laws compared",
        "All fitted to ln(error), one point a size; lower is better. k counts the variance too. "
        "With so few sizes AICc is the one to read: AIC and BIC favour laws of many parameters. "
        "weight: Akaike weight by AICc. x = ln(N / smallest).",
        "family:t law:t sizes k rms_residual aic aicc bic delta_aicc weight parameters:t note:t",
        [
            (
                one.family,
                one.law,
                one.sizes,
                one.free,
                None if one.rss is None else (one.rss / one.sizes) ** 0.5,
                one.aic,
                one.aicc,
                one.bic,
                one.delta,
                one.weight,
                _fitted(one),
                one.note,
            )
            for one in analysis.curves
        ],
    )


def _fitted(curve: Curve) -> str:
    return ", ".join(
        f"{name} {value:.0f}" if name == "smallest" else f"{name} {value:.5g}"
        for name, value in curve.parameters.items()
    )


def _losses(analysis: Analysis) -> Sheet:
    return sheet(
        "training_loss",
        "Training loss",
        "Mean cross-entropy over the augmented training images of the last epoch, in nats.",
        "family:t width parameters loss loss_std seeds epochs",
        [
            (o.family, o.width, o.parameters, o.loss, o.loss_std, o.models, o.epochs)
            for o in analysis.losses
        ],
    )


def _loss_laws(analysis: Analysis) -> Sheet:
    return sheet(
        "training_loss_laws",
        "Power law of the training loss",
        "loss = coefficient N^-alpha by least squares on logarithms; 95 % by Student's t.",
        "family:t sizes alpha alpha_95:i r2 coefficient",
        [
            (law.family, law.sizes, law.alpha, law.alpha_interval, law.r2, law.coefficient)
            for law in analysis.loss_laws
        ],
    )


def _spectrum(analysis: Analysis) -> Sheet:
    one = analysis.spectrum
    return sheet(
        "spectrum",
        "Spectrum of the training images",
        "Principal components of the training matrix: lambda_k = c k^-beta by least squares on "
        "logarithms over the ranks named. The interval takes eigenvalues as independent, which "
        "they are not: it is too narrow.",
        "beta beta_95:i r2 first_rank last_rank rank samples features",
        []
        if one is None
        else [
            (
                one.beta,
                one.beta_interval,
                one.r2,
                one.first,
                one.last,
                one.rank,
                one.samples,
                one.features,
            )
        ],
    )


def _ranks(analysis: Analysis) -> Sheet:
    return sheet(
        "effective_rank",
        "Effective rank of trained activations",
        "Stable rank, sum of squared singular values over the largest, of what the classifier "
        "sees and as geometric mean over the inputs of all layers but the first; geometric means "
        "over seeds. Centred: less the mean activation, which after ReLU is the largest direction.",
        "size:t parameters seeds features features_centred all_layers",
        [
            (o.size, o.parameters, o.models, o.features, o.features_centred, o.layers)
            for o in analysis.ranks
        ],
    )


def _layers(analysis: Analysis) -> Sheet:
    return sheet(
        "effective_rank_by_layer",
        "Effective rank by layer",
        "Of what each layer is given; the lowest seed of each size.",
        "size:t layer:t channels stable_rank centred",
        [
            (one.size, layer.layer, layer.channels, layer.stable_rank, layer.centred)
            for one in analysis.ranks
            for layer in one.by_layer
        ],
    )


def _efficiencies(analysis: Analysis) -> Sheet:
    return sheet(
        "rank_efficiency",
        "Rank efficiency gamma: implied and measured",
        "implied: alpha / (beta - 1), which supposes that the error is the variance beyond the "
        "rank. measured: the slope of ln(stable rank) on ln(N), which supposes nothing. A rank in "
        "proportion to the width has gamma 1/2.",
        "family:t sizes implied measured_features features_95:i measured_centred centred_95:i "
        "measured_all_layers all_layers_95:i",
        [
            (
                one.family,
                one.sizes,
                one.implied,
                one.features,
                one.features_interval,
                one.features_centred,
                one.features_centred_interval,
                one.layers,
                one.layers_interval,
            )
            for one in analysis.efficiencies
        ],
    )
