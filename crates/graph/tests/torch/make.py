"""Writes what PyTorch says, in float64: fixtures.json of each operation, batch_norm.json of a layer in training.

    pip install -r requirements.txt
    python make.py

Each case has operands, a value, and the gradients of sum(value * cos(0, 1, 2, ...)) by the operands.
"""

import json
import pathlib

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


def numbers(shape, phase, low, high):
    n = torch.Size(shape).numel()
    wave = torch.sin(12.9898 * torch.arange(n) + phase)
    return (low + (high - low) * (wave + 1) / 2).reshape(shape)


def classes(n, k):
    return (torch.arange(n) * 7 + 3) % k


def case(name, f, *shapes, low=-2.0, high=2.0):
    operands = [numbers(shape, i, low, high).requires_grad_() for i, shape in enumerate(shapes)]
    value = f(*operands)
    weights = torch.cos(torch.arange(value.numel(), dtype=torch.float64)).reshape(value.shape)
    gradients = torch.autograd.grad((value * weights).sum(), operands)
    tensor = lambda x: {"shape": list(x.shape), "values": x.detach().flatten().tolist()}
    return {
        "name": name,
        "operands": [tensor(x) for x in operands],
        "value": tensor(value),
        "gradients": [tensor(x) for x in gradients],
    }


def signs(x):
    return torch.where(torch.arange(x.numel()).reshape(x.shape) % 3 == 0, 1.0, -1.0)


def slope(f):
    """The gradient of the sum of squares of f, by the first operand."""
    return lambda *x: torch.autograd.grad((f(*x) ** 2).sum(), x[0], create_graph=True)[0]


def layer_norm(x, scale, shift):
    return F.layer_norm(x, x.shape[-1:], scale, shift, eps=1e-5)


def rms_norm(x, scale):
    return F.rms_norm(x, x.shape[-1:], scale, eps=1e-5)


def attention(heads, causal):
    def f(qkv):
        n, time, features = qkv.shape
        q, k, v = qkv.reshape(n, time, 3, heads, -1).permute(2, 0, 3, 1, 4)
        # The kernel that is made of simple operations, which has second derivatives.
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return y.transpose(1, 2).reshape(n, time, features // 3)

    return f


def lstm(x, weights, recurrent, biases):
    module = torch.nn.LSTM(weights.shape[0], recurrent.shape[0], batch_first=True)
    parameters = {
        "weight_ih_l0": weights.T,
        "weight_hh_l0": recurrent.T,
        "bias_ih_l0": biases,
        "bias_hh_l0": torch.zeros_like(biases),
    }
    return torch.func.functional_call(module, parameters, x)[0]


def gru(x, weights, recurrent, biases, recurrent_biases):
    module = torch.nn.GRU(weights.shape[0], recurrent.shape[0], batch_first=True)
    parameters = {
        "weight_ih_l0": weights.T,
        "weight_hh_l0": recurrent.T,
        "bias_ih_l0": biases,
        "bias_hh_l0": recurrent_biases,
    }
    return torch.func.functional_call(module, parameters, x)[0]


def convolution(x, w, **arguments):
    """Of images [n, height, width, channels] with weights [height, width, channels, outputs]."""
    return F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), **arguments).permute(0, 2, 3, 1)


def channels_last(pool, x, *arguments):
    return pool(x.permute(0, 3, 1, 2), *arguments).permute(0, 2, 3, 1)


def squared_gradients(y, *operands):
    """The squares of the gradients of the sum of squares, summed: its gradients are of second order."""
    gradients = torch.autograd.grad((y**2).sum(), operands, create_graph=True)
    return sum((gradient**2).sum() for gradient in gradients)


def batch_norm(x):
    return channels_last(F.batch_norm, x, None, None, None, None, True)


def batch_norm_training():
    """Three steps of training with a rate of 0.1, as a layer takes them, and an evaluation after each."""
    layer = torch.nn.BatchNorm1d(3)
    optimizer = torch.optim.SGD(layer.parameters(), 0.1)
    steps = []
    for step in range(3):
        x = numbers([5, 3], step, -1.0 - step, 2.0)
        optimizer.zero_grad()
        loss = (layer(x) ** 3).mean()
        loss.backward()
        optimizer.step()
        layer.eval()
        evaluated = layer(x)
        layer.train()
        parts = {
            "x": x,
            "evaluated": evaluated,
            "scale": layer.weight,
            "shift": layer.bias,
            "running_mean": layer.running_mean,
            "running_variance": layer.running_var,
        }
        steps.append({name: part.detach().flatten().tolist() for name, part in parts.items()})
    return steps


CASES = [
    case("add", torch.add, [3, 1, 5], [4, 1]),
    case("sub", torch.sub, [4, 33], [33]),
    case("mul", torch.mul, [2, 1, 3], [5, 1]),
    case("div", torch.div, [7, 1], [1, 9], low=0.5),
    case("neg", torch.neg, [19]),
    case("abs", torch.abs, [19]),
    case("square", torch.square, [19]),
    case("sqrt", torch.sqrt, [19], low=0.1),
    case("exp", torch.exp, [19], low=-20.0, high=5.0),
    case("ln", torch.log, [19], low=0.01),
    case("relu", torch.relu, [4, 9]),
    case("tanh", torch.tanh, [19], low=-5.0, high=5.0),
    case("sigmoid", torch.sigmoid, [19], low=-40.0, high=40.0),
    case("softplus", F.softplus, [19], low=-15.0, high=15.0),
    case("matmul", torch.matmul, [5, 37], [37, 3]),
    case("matmul_left", lambda a, b: a.T @ b, [37, 5], [37, 3]),
    case("matmul_right", lambda a, b: a @ b.T, [5, 37], [3, 37]),
    case("matmul_both", lambda a, b: a.T @ b.T, [37, 5], [3, 37]),
    case("matmul_several", torch.matmul, [3, 2, 5, 7], [3, 2, 7, 4]),
    case("matmul_several_left", lambda a, b: a.mT @ b, [3, 7, 5], [3, 7, 4]),
    case("matmul_several_right", lambda a, b: a @ b.mT, [3, 5, 7], [3, 4, 7]),
    case("max", torch.maximum, [3, 1, 5], [4, 1]),
    case("min", torch.minimum, [3, 1, 5], [4, 1]),
    case("clamp", lambda x: torch.clamp(x, -0.5, 1.25), [4, 9]),
    case("conv2d", lambda x, w: convolution(x, w), [2, 7, 8, 3], [3, 2, 3, 5]),
    case("conv2d_strided", lambda x, w: convolution(F.pad(x, (0, 0, 1, 3, 2, 0)), w, stride=(2, 3)), [2, 7, 8, 3], [3, 2, 3, 5]),
    case("conv2d_same", lambda x, w: convolution(x, w, padding="same"), [2, 6, 7, 3], [3, 4, 3, 2]),
    case("conv2d_dilated", lambda x, w: convolution(x, w, dilation=(2, 3), padding=(1, 2)), [2, 7, 8, 3], [3, 2, 3, 2]),
    case("conv2d_groups", lambda x, w: convolution(x, w, groups=3), [2, 6, 5, 6], [3, 2, 2, 9]),
    case("conv2d_depthwise", lambda x, w: convolution(x, w, groups=5, stride=2, padding=1), [2, 6, 7, 5], [3, 2, 1, 5]),
    case("conv2d_pixels", lambda x, w: convolution(x, w), [2, 4, 5, 6], [1, 1, 6, 3]),
    case("conv2d_twice", lambda x, w: squared_gradients(convolution(x, w, stride=2, padding=1), x, w), [2, 6, 5, 3], [3, 3, 3, 2]),
    case("conv1d", lambda x, w: F.conv1d(x.mT, w.permute(2, 1, 0), stride=2, padding=1).mT, [2, 9, 3], [4, 3, 5]),
    case("max_pool2d", lambda x: channels_last(F.max_pool2d, x, 2), [2, 7, 8, 3]),
    case("max_pool2d_padded", lambda x: channels_last(F.max_pool2d, x, 3, 2, 1), [2, 7, 8, 3]),
    case("max_pool2d_twice", lambda x: squared_gradients(channels_last(F.max_pool2d, x, 3, 2, 1) ** 3, x), [2, 7, 8, 3]),
    case("max_pool1d", lambda x: F.max_pool1d(x.mT, 3, 2).mT, [2, 9, 3]),
    case("max_rows", lambda x: x.amax(0), [9, 4]),
    case("min_outer", lambda x: x.amin((0, 2)), [3, 5, 7]),
    case("average_pool2d", lambda x: channels_last(F.avg_pool2d, x, (2, 3)), [2, 7, 8, 3]),
    case("average_pool2d_padded", lambda x: channels_last(F.avg_pool2d, x, 3, 2, 1, False, False), [2, 7, 8, 3]),
    case("average_pool1d", lambda x: F.avg_pool1d(x.mT, 3, 2).mT, [2, 9, 3]),
    case("batch_norm", batch_norm, [4, 3, 2, 5]),
    case("batch_norm_of_rows", lambda x: F.batch_norm(x, None, None, training=True), [6, 5]),
    case("batch_norm_twice", lambda x: squared_gradients(batch_norm(x) ** 3, x), [3, 2, 2, 4]),
    case("softmax", lambda z: F.softmax(z, 1), [6, 10], low=-30.0, high=30.0),
    case("exp_m1", torch.expm1, [19], low=-5.0, high=5.0),
    case("erf", torch.erf, [19], low=-3.0, high=3.0),
    case("elu", lambda x: F.elu(x, 0.7), [19]),
    case("leaky_relu", lambda x: F.leaky_relu(x, 0.1), [19]),
    case("gelu", F.gelu, [19], low=-6.0, high=6.0),
    case("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), [19], low=-6.0, high=6.0),
    case("gelu, slope", slope(F.gelu), [19], low=-6.0, high=6.0),
    case("silu", F.silu, [19], low=-20.0, high=20.0),
    case("softsign", F.softsign, [19]),
    case("softmax", lambda z: F.softmax(z, -1), [2, 3, 7]),
    case("softmax, slope", slope(lambda z: F.softmax(z, -1)), [4, 20], low=-5.0, high=5.0),
    case("log_softmax", lambda z: F.log_softmax(z, -1), [2, 3, 19], low=-30.0, high=30.0),
    case("layer_norm", layer_norm, [2, 3, 37], [37], [37]),
    case("layer_norm, slope", slope(layer_norm), [3, 18], [18], [18]),
    case("rms_norm", rms_norm, [2, 3, 37], [37]),
    case("rms_norm, slope", slope(rms_norm), [3, 18], [18]),
    case("attention", attention(3, False), [2, 5, 18]),
    case("attention_causal", attention(2, True), [2, 7, 12]),
    case("attention_causal, slope", slope(attention(2, True)), [2, 4, 12]),
    case("lstm", lstm, [3, 6, 4], [4, 20], [5, 20], [20], low=-1.0, high=1.0),
    case("lstm, slope", slope(lstm), [2, 4, 3], [3, 8], [2, 8], [8], low=-1.0, high=1.0),
    case("gru", gru, [3, 6, 4], [4, 15], [5, 15], [15], [15], low=-1.0, high=1.0),
    case("gru, slope", slope(gru), [2, 4, 3], [3, 6], [2, 6], [6], [6], low=-1.0, high=1.0),
    case("embedding", lambda table: F.embedding(classes(12, 5).reshape(3, 4), table), [5, 6]),
    case("gather", lambda x: x.gather(1, classes(6, 5)[:, None])[:, 0], [6, 5]),
    case("cross_entropy", lambda z: F.cross_entropy(z, classes(6, 10), reduction="none"), [6, 10], low=-30.0, high=30.0),
    case("cross_entropy_mean", lambda z: F.cross_entropy(z, classes(7, 4)), [7, 4]),
    case("sum", torch.sum, [5, 41]),
    case("sum_rows", lambda x: x.sum(0), [41, 6]),
    case("sum_columns", lambda x: x.sum(1), [6, 41]),
    case("sum_outer", lambda x: x.sum((0, 2)), [3, 5, 37]),
    case("mean", torch.mean, [5, 41]),
    case("mean_columns", lambda x: x.mean(1), [6, 41]),
    case("variance_outer", lambda x: x.var((0, 2), correction=0), [3, 5, 37]),
    case("concat", lambda *x: torch.cat(x, 1), [3, 2, 4], [3, 1, 4], [3, 5, 4]),
    case("slice", lambda x: x[:, 2:5], [3, 7, 4]),
    case("pad", lambda x: F.pad(x, (0, 0, 2, 1)), [3, 4, 2]),
    case("permute", lambda x: x.permute([2, 0, 3, 1]), [3, 4, 5, 2]),
    case("broadcast_to", lambda x: x.broadcast_to([3, 4, 5]), [4, 1]),
    case("reshape", lambda x: x.reshape([6, 2]), [3, 4]),
    case("transpose", lambda x: x.T, [3, 5]),
    case("hinge", lambda s: torch.clamp(1 - signs(s) * s, min=0), [12]),
    case("squared_hinge", lambda s: torch.clamp(1 - signs(s) * s, min=0) ** 2, [12]),
    case("logistic", lambda s: F.soft_margin_loss(s, signs(s), reduction="none"), [12], low=-30.0, high=30.0),
    case("exponential", lambda s: torch.exp(-signs(s) * s), [12]),
    case("sigmoid_cross_entropy", lambda z, t: F.binary_cross_entropy_with_logits(z, torch.sigmoid(t), reduction="none"), [12], [12], low=-30.0, high=30.0),
    case("squared_error", lambda x, t: F.mse_loss(x, t, reduction="none"), [4, 3], [4, 3]),
    case("huber", lambda x, t: F.huber_loss(x, t, reduction="none", delta=0.7), [12], [12]),
    case("multi_margin", lambda z: F.multi_margin_loss(z, classes(6, 5), reduction="none"), [6, 5]),
]

def write(name, rows):
    lines = ",\n".join(json.dumps(row) for row in rows)
    pathlib.Path(__file__).with_name(name).write_text(f"[\n{lines}\n]\n")


write("fixtures.json", CASES)
write("batch_norm.json", batch_norm_training())
