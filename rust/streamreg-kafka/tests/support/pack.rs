//! Compresses records as the producers there are do it, and in ways that formats allow besides.

use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use std::io::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    /// One block.
    Snappy,
    /// Blocks of this size in the framing of snappy-java.
    SnappyJava(usize),
    /// As the Java client: blocks that stand alone.
    Lz4,
    /// As librdkafka: each block refers to those before it.
    Lz4Linked,
    /// With all checksums and the size.
    Lz4Checked,
    /// With the size.
    Zstd,
    /// As a stream, whose size is not known before its end.
    ZstdStream,
}

pub const ALL: [Packing; 9] = [
    Packing::Plain,
    Packing::Gzip,
    Packing::Snappy,
    Packing::SnappyJava(1000),
    Packing::Lz4,
    Packing::Lz4Linked,
    Packing::Lz4Checked,
    Packing::Zstd,
    Packing::ZstdStream,
];

impl Packing {
    pub fn codec(self) -> u8 {
        match self {
            Self::Plain => 0,
            Self::Gzip => 1,
            Self::Snappy | Self::SnappyJava(_) => 2,
            Self::Lz4 | Self::Lz4Linked | Self::Lz4Checked => 3,
            Self::Zstd | Self::ZstdStream => 4,
        }
    }

    pub fn pack(self, records: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => records.to_vec(),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(records).unwrap();
                encoder.finish().unwrap()
            }
            Self::Snappy => snap::raw::Encoder::new().compress_vec(records).unwrap(),
            Self::SnappyJava(size) => snappy_java(records, size),
            Self::Lz4 => lz4(records, FrameInfo::new().block_size(BlockSize::Max64KB)),
            Self::Lz4Linked => lz4(
                records,
                FrameInfo::new()
                    .block_size(BlockSize::Max64KB)
                    .block_mode(BlockMode::Linked)
                    .content_size(Some(records.len() as u64)),
            ),
            Self::Lz4Checked => lz4(
                records,
                FrameInfo::new()
                    .block_size(BlockSize::Max256KB)
                    .block_checksums(true)
                    .content_checksum(true)
                    .content_size(Some(records.len() as u64)),
            ),
            Self::Zstd => {
                let mut packed = Vec::with_capacity(zstd_safe::compress_bound(records.len()));
                zstd_safe::compress(&mut packed, records, 3).unwrap();
                packed
            }
            Self::ZstdStream => zstd_stream(records),
        }
    }
}

fn snappy_java(records: &[u8], size: usize) -> Vec<u8> {
    let mut packed = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
    for block in records.chunks(size) {
        let block = snap::raw::Encoder::new().compress_vec(block).unwrap();
        packed.extend((block.len() as u32).to_be_bytes());
        packed.extend(block);
    }
    packed
}

fn lz4(records: &[u8], frame: FrameInfo) -> Vec<u8> {
    let mut encoder = FrameEncoder::with_frame_info(frame, Vec::new());
    encoder.write_all(records).unwrap();
    encoder.finish().unwrap()
}

fn zstd_stream(records: &[u8]) -> Vec<u8> {
    let mut context = zstd_safe::CCtx::create();
    let mut packed = Vec::with_capacity(zstd_safe::compress_bound(records.len()) + 64);
    let mut output = zstd_safe::OutBuffer::around(&mut packed);
    let mut input = zstd_safe::InBuffer::around(records);
    while input.pos < records.len() {
        context.compress_stream(&mut output, &mut input).unwrap();
    }
    assert_eq!(context.end_stream(&mut output), Ok(0), "there is room");
    packed
}
