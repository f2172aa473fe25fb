//! Unpacking: every way to compress, damage at every byte, and sizes that are lies.

use super::*;

/// Records that pack well, and such that do not but for what came before them.
fn batch(packing: Packing, size: usize) -> Batch {
    let mut state = 1u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    });
    let noise: Vec<u8> = noise.take(size).collect();
    let same = vec![b'a'; size];
    Batch { packing, ..Batch::of_values(0, &[&same, &noise, b"", &same, &noise]) }
}

/// What was packed comes out, in blocks of all kinds and sizes.
#[test]
fn oracle_every_packing() {
    for packing in pack::ALL {
        let sizes = [0, 1, 100, 5_000, 20_000, 100_000];
        let alike = Batch { packing, ..Batch::of_values(0, &[&vec![b'a'; 1_000_000]]) };
        for batch in sizes.map(|size| batch(packing, size)).into_iter().chain([alike]) {
            let found = read::read(&mut log(0, None), batch.bytes(), &[]).unwrap();
            let written: Vec<_> = batch.records.iter().map(|record| record.value.as_deref()).collect();
            assert!(values(&found) == written, "{packing:?} of {} messages", written.len());
        }
    }
}

/// A batch may take as many bytes as are allowed, and not one more; what is larger is another client's.
#[test]
fn oracle_limit() {
    for packing in &pack::ALL[1..] {
        let batch = batch(*packing, 100_000);
        let unpacked = Batch { packing: Packing::Plain, ..batch.clone() }.bytes().len() - 61;
        let read = |most_unpacked| {
            let options = Options { most_unpacked, ..Options::default() };
            read::read(&mut log_with(0, None, options), batch.bytes(), &[])
        };
        assert_eq!(read(unpacked).unwrap().len(), 5, "{packing:?}");
        for most in [unpacked - 1, unpacked / 2, 1000, 1] {
            let why = read(most).unwrap_err().why;
            assert_eq!(why, format!("a batch unpacks to more than {most} bytes"), "{packing:?}");
        }
    }
}

/// A batch whose packed bytes are damaged, at any of them, is either unusual or gives what a right one would; and none
/// is delivered in part and then again.
#[test]
fn law_damage_is_noticed() {
    for packing in &pack::ALL[1..] {
        let batch = batch(*packing, 40);
        let whole = read::read(&mut log(0, None), batch.bytes(), &[]).unwrap();
        let bytes = batch.bytes();
        let mut noticed = 0;
        for at in 61..bytes.len() {
            for byte in [0, 0x7f, 0xff, bytes[at] ^ 1] {
                let mut damaged = bytes.clone();
                damaged[at] = byte;
                write::sign(&mut damaged);
                let mut log = log(0, None);
                let found = read::read(&mut log, damaged, &[]);
                noticed += usize::from(found.is_err());
                assert!(found.is_err() || found.unwrap().len() == whole.len(), "{packing:?} at {at}");
                assert!((0..=5).contains(&log.next()));
            }
        }
        assert!(noticed > 0, "{packing:?}");
    }
}

/// Packed records that are cut off, or followed by more, are never taken for whole ones.
#[test]
fn law_cut_records_are_noticed() {
    let with = |packed: &[u8], packing: Packing| {
        let mut bytes =
            Batch { count: Some(5), last_delta: Some(4), packing, ..Batch::new(0, Vec::new()) }.bytes();
        bytes.extend(packed);
        let length = i32::try_from(bytes.len() - 12).unwrap();
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
        write::sign(&mut bytes);
        why(bytes)
    };
    for packing in &pack::ALL[1..] {
        let packed = &batch(*packing, 40).bytes()[61..];
        for size in 1..packed.len() {
            with(&packed[..size], *packing);
        }
        for more in [&[0][..], b"more", packed] {
            with(&[packed, more].concat(), *packing);
        }
    }
}

/// A size that a producer only claims is refused: here four gigabytes, or what is nearly allowed.
#[test]
fn oracle_sizes_that_are_lies() {
    // The size as a varint, and no more; alone and in the framing of Java, whose own length may be the lie.
    let snappy: &[&[u8]] = &[
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff, 0xc1, 0xd7, 0x2f],
        b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\xff\xff\xff\xff",
        b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\0\0\0\x04\xff\xc1\xd7\x2f",
    ];
    // Zstd: a frame of one segment whose size takes eight bytes, with one block that is empty.
    let zstd: &[&[u8]] = &[
        &[0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 1, 0, 0],
        &[0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0xff, 0xe0, 0xf5, 0x05, 0, 0, 0, 0, 1, 0, 0],
        // A window of two terabytes.
        &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 1, 0, 0],
    ];
    for (packing, lies) in [(Packing::Snappy, snappy), (Packing::Zstd, zstd)] {
        for lie in lies {
            let mut bytes = Batch { count: Some(1), packing, ..Batch::new(0, Vec::new()) }.bytes();
            bytes.extend(*lie);
            let length = i32::try_from(bytes.len() - 12).unwrap();
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            write::sign(&mut bytes);
            let why = why(bytes);
            // Said before memory is taken, not when it stays empty.
            let refused = why.contains("says that it holds")
                || why.contains("unpacks to more than")
                || why.contains("cut off");
            assert!(refused || packing == Packing::Zstd, "{lie:?}: {why}");
        }
    }
}
