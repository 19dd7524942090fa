import torch
from check import Case


def equal(a, b):
    return torch.equal(a.to_dense(), b.to_dense()) and a.dtype == b.dtype and a.layout == b.layout and a.requires_grad == b.requires_grad


def cases():
    third = torch.arange(6.0).reshape(2, 3) / 3
    moved = third.clone()
    moved[0, 1] = torch.nextafter(moved[0, 1], torch.tensor(1.0))
    part = torch.stack([third, third])[1]
    yield Case("tensor", third, equal=equal, same=[third.clone(), third.T.contiguous().T, part], close=[moved],
               different=[third * 2, third.double(), third.T, third[:, :2], third.clone().requires_grad_(), third.numpy(), torch.nn.Parameter(third)])
    for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64):
        value = torch.tensor([[1, 0], [1, 1]]).to(dtype)
        yield Case(str(dtype), value, equal=equal, different=[torch.tensor([[1, 0], [0, 1]]).to(dtype), value[0]])
    yield Case("scalar", torch.tensor(1.5), equal=equal, different=[torch.tensor([1.5]), torch.tensor(2.5)])
    wanted = third.clone().requires_grad_()
    (wanted * 2).sum().backward()
    yield Case("requires_grad", wanted, equal=equal, same=[third.clone().requires_grad_()], different=[third])
    yield Case("Parameter", torch.nn.Parameter(third), equal=equal, different=[torch.nn.Parameter(third, requires_grad=False)])
    sparse = torch.sparse_coo_tensor(torch.tensor([[1, 0], [0, 1]]), torch.tensor([1.0, 2.0]), (2, 2))
    turned = torch.sparse_coo_tensor(torch.tensor([[0, 1], [1, 0]]), torch.tensor([2.0, 1.0]), (2, 2))
    yield Case("sparse", sparse, equal=equal, same=[turned, sparse.coalesce()], different=[sparse * 2, sparse.to_dense()])
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 2)
    yield Case("state_dict", dict(model.state_dict()), equal=lambda a, b: all(torch.equal(a[k], b[k]) for k in b))
