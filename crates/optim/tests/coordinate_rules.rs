//! Calls of rules of coordinates that contradict themselves.

use thalweg_optim::*;

#[test]
fn rprop_refuses_sizes_that_cannot_be() {
    for (call, error) in [
        (
            "rprop(eta_plus=0.9)",
            "rprop(eta_plus=0.9): a step size that is to grow needs at least 1",
        ),
        ("rprop(step_min=2, step_max=1)", "rprop: step_min = 2 is above step_max = 1"),
    ] {
        let found = optimizer::<f32>(&call.parse().unwrap(), None).err().unwrap();
        assert_eq!(found.to_string(), error);
    }
}
