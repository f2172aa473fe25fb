//! Any bytes as change events of Debezium.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::decode::debezium::Splitter;

fuzz_target!(|data: &[u8]| {
    let values: Vec<&[u8]> = std::iter::once(data).chain(data.split(|&byte| byte == b'\n')).collect();
    let messages: Vec<_> = values.iter().copied().map(Some).collect();
    let events = Splitter::new().expect("places that fit").split(&messages);
    assert_eq!(events.len(), messages.len());
    for (value, event) in values.iter().zip(events) {
        let event = event.expect("each has a value");
        for span in event.into_iter().flat_map(|event| [event.before, event.after]).flatten() {
            assert!(std::str::from_utf8(&value[span]).is_ok());
        }
    }
});
