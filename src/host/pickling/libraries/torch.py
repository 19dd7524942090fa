# torch: tensors as numpy arrays, with dtype, device and whether gradients are wanted. Strides and storage that is shared
# are left out. What numpy has no dtype for is widened exactly and narrowed again.
import torch

WIDENED = {getattr(torch, name) for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
                                             "float8_e5m2fnuz") if hasattr(torch, name)}


def dense(values):
    """`values`: strided, on the CPU, without gradients."""
    for resolve in ("resolve_conj", "resolve_neg"):
        if hasattr(values, resolve):
            values = getattr(values, resolve)()
    if values.dtype in WIDENED:
        return method("to", Call(torch.from_numpy, values.to(torch.float32).numpy()), values.dtype)
    return Call(torch.from_numpy, values.numpy())


def build(values):
    if values.layout is torch.strided:
        return dense(values)
    if values.layout is torch.sparse_coo:
        values = values.coalesce()
        call = Call(torch.sparse_coo_tensor, dense(values.indices()), dense(values.values()), tuple(values.shape))
        return method("coalesce", call)
    if values.layout is getattr(torch, "sparse_csr", None):
        return Call(torch.sparse_csr_tensor, dense(values.crow_indices()), dense(values.col_indices()),
                    dense(values.values()), tuple(values.shape))
    return None


def tensor(obj):
    if obj.is_quantized or obj.device.type == "meta":
        return NotImplemented
    call = build(obj.detach().cpu())
    if call is None:
        return NotImplemented
    if obj.device.type != "cpu":
        call = method("to", call, str(obj.device))
    if isinstance(obj, torch.nn.Parameter):
        return reduced(Call(torch.nn.Parameter, call, obj.requires_grad))
    if obj.requires_grad:
        call = method("requires_grad_", call)
    return reduced(call)


REDUCERS = {"torch.Tensor": tensor, "torch.nn.parameter.Parameter": tensor}
