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

#[test]
fn what_decays_is_kept_in_all_its_digits_or_as_0() {
    let mut momentum =
        optimizer::<f32>(&"momentum(lr=1, momentum=0.5)".parse().unwrap(), None).unwrap();
    let mut parameters = [0.0f32; 20];
    for step in 0..200 {
        let gradient = [if step == 0 { -1.0f32 } else { 0.0 }; 20];
        let segment = Segment {
            name: "w",
            shape: &[20],
            parameters: &mut parameters,
            gradient: (&gradient).into(),
        };
        momentum.step(&mut [segment]).unwrap();
        let slots = momentum.slots();
        let saved::Values::F32(velocity) = &slots[0].values else { panic!("{slots:?}") };
        // The least normal number is 2⁻¹²⁶.
        let expected = if step <= 126 { 0.5f32.powi(step) } else { 0.0 };
        assert_eq!(velocity[..], [expected; 20]);
    }
}
