//! When windows close: one time after the other, as whoever asks for the next one closes them.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::windows::{Moment, Spec, TimeKind, Window, WindowReduction};
use support::config;
use support::events::{Watermarks, events, exact, kind, length, moment, partial, reloaded, windows};

fn spec(kind: TimeKind) -> impl Strategy<Value = Spec> {
    let lengths = prop::sample::select(vec![(5, 5), (2, 7), (5, 2)]);
    let window = prop_oneof![
        lengths.prop_map(move |(hop, duration)| Window::Grid {
            origin: moment(kind, 1),
            hop: length(kind, hop),
            duration: length(kind, duration),
        }),
        (1..4i64).prop_map(move |gap| Window::Session { max_gap: length(kind, gap) }),
    ];
    (window, prop::option::of(0..9i64), 0..6i64, any::<bool>()).prop_map(
        move |(window, delay, cutoff, is_final)| Spec {
            window,
            delay: delay.filter(|_| !is_final).map(|delay| length(kind, delay)),
            cutoff: Some(length(kind, cutoff)),
            is_final,
            keep_closed: false,
            labelled: false,
        },
    )
}

/// The greatest time below another one.
fn before(time: Moment) -> Moment {
    match time {
        Moment::Int(time) => Moment::Int(time - 1),
        Moment::Float(time) => Moment::Float(time.next_down()),
    }
}

fn closed(state: &mut WindowReduction, time: Moment) -> Vec<Vec<u8>> {
    state.due(Some(time)).unwrap();
    state.close(Some(time)).unwrap()
}

proptest! {
    #![proptest_config(config(200))]

    /// Nothing closes before the time that is told, in the end all is closed, and the same as at one time.
    #[test]
    fn law_one_after_the_other(
        (kind, rows, spec) in kind().prop_flat_map(|kind| (Just(kind), events(kind, 40), spec(kind))),
        groups in any::<bool>(),
    ) {
        let mut state = windows(kind, spec, groups);
        let found = partial(&mut state, &rows, kind, &mut Watermarks::new());
        state.merge(&found.state).unwrap();
        state.due(None).unwrap();
        let mut once = reloaded(&state, windows(kind, spec, groups), None);
        let (mut all, mut last) = (Vec::new(), None::<Moment>);
        while let Some(time) = state.next_close() {
            prop_assert!(last.is_none_or(|last| exact(last) < exact(time)));
            let mut sooner = reloaded(&state, windows(kind, spec, groups), last);
            prop_assert_eq!(closed(&mut sooner, before(time)), Vec::<Vec<u8>>::new());
            // There may be none: a session may become visible then alone, and a difference come to nothing.
            all.extend(closed(&mut state, time));
            last = Some(time);
        }
        prop_assert_eq!(state.open_windows().unwrap(), 0);
        all.sort_unstable();
        let expected = last.map_or_else(Vec::new, |last| closed(&mut once, last));
        prop_assert_eq!(all, expected);
    }
}

/// A window whose closing no double can tell is never closed, and asks for no time that there is not.
#[test]
fn closings_beyond_all_times_never_come() {
    let kind = TimeKind::Float;
    let window = Window::Grid {
        origin: Moment::Float(0.0),
        hop: Moment::Float(1e300),
        duration: Moment::Float(1e300),
    };
    let cutoff = Some(Moment::Float(f64::MAX));
    let spec = Spec { window, delay: None, cutoff, is_final: false, keep_closed: false, labelled: false };
    let mut state = windows(kind, spec, true);
    let row = support::events::Event {
        instance: 0,
        partition: 0,
        offset: 0,
        time: Moment::Float(1e300),
        x: 1.0,
        y: 1.0,
    };
    let found = partial(&mut state, &[row], kind, &mut Watermarks::new());
    state.merge(&found.state).unwrap();
    assert_eq!((state.next_close(), state.horizon()), (None, None));
    assert_eq!(state.open_windows().unwrap(), 1);
}
