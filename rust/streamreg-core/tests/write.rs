//! Write: the text of rows, and that it reads back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use num_bigint::BigInt;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use streamreg_core::decode::{Column, ColumnType, Item, Text, csv};
use streamreg_core::error::Error;
use streamreg_core::write::{Cell, Cells, Packed, RowText, render, stamp};

/// Bits of a double, and what Python 3 gives for `repr` of it.
#[rustfmt::skip]
const PYTHON: &[(u64, &str)] = &[
    (0x0000_0000_0000_0000, "0.0"),
    (0x8000_0000_0000_0000, "-0.0"),
    (0x3ff0_0000_0000_0000, "1.0"),
    (0xbff0_0000_0000_0000, "-1.0"),
    (0x3fb9_9999_9999_999a, "0.1"),
    (0x3fe0_0000_0000_0000, "0.5"),
    (0x3fd5_5555_5555_5555, "0.3333333333333333"),
    (0x3fe5_5555_5555_5555, "0.6666666666666666"),
    (0x4059_0000_0000_0000, "100.0"),
    (0x419d_6f34_5400_0000, "123456789.0"),
    (0x430c_6bf5_2634_0000, "1000000000000000.0"),
    (0x4341_c379_37e0_7fff, "9999999999999998.0"),
    (0x4341_c379_37e0_8000, "1e+16"),
    (0x4345_ee2a_2eb5_a5c4, "1.2345678901234568e+16"),
    (0x4376_3457_85d8_a000, "1e+17"),
    (0x43e5_6a95_319d_63e1, "1.2345678901234567e+19"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x4480_f0cf_064d_d592, "1e+22"),
    (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x54b2_49ad_2594_c37d, "1e+100"),
    (0x3fb9_9999_9999_999a, "0.1"),
    (0x3f50_624d_d2f1_a9fc, "0.001"),
    (0x3f1a_36e2_eb1c_432d, "0.0001"),
    (0x3f1a_378e_b793_54b1, "0.00010001"),
    (0x3f1a_36e2_eb1c_432c, "9.999999999999999e-05"),
    (0x3ee4_f8b5_88e3_68f1, "1e-05"),
    (0xbee4_f8b5_88e3_68f1, "-1e-05"),
    (0x3eef_7510_4d55_1d69, "1.5e-05"),
    (0x3ee9_e409_3026_78ba, "1.2345678901234568e-05"),
    (0xbf19_e409_3410_a958, "-9.87654321e-05"),
    (0x3ee4_f8b5_88e3_68f0, "9.999999999999999e-06"),
    (0x3eb0_c6f7_a0b5_ed8d, "1e-06"),
    (0x3e84_21f5_f40d_8376, "1.5e-07"),
    (0x3ddb_7cdf_d9d7_bdbb, "1e-10"),
    (0x2b61_7f7d_4ed8_c33e, "1e-99"),
    (0x2b2b_ff2e_e48e_0530, "1e-100"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"),
    (0x0010_0000_0000_0000, "2.2250738585072014e-308"),
    (0x000f_ffff_ffff_ffff, "2.225073858507201e-308"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992.0"),
    (0x4340_0000_0000_0001, "9007199254740994.0"),
    (0x43e0_0000_0000_0000, "9.223372036854776e+18"),
    (0x43f0_0000_0000_0000, "1.8446744073709552e+19"),
    (0x4330_0000_0000_0000, "4503599627370496.0"),
    (0x3fb1_a267_f5aa_62ca, "0.06888437030500963"),
    (0x3fef_7254_ec67_6c79, "0.9827065102830509"),
    (0x4278_bcfe_5680_0000, "1700000000000.0"),
    (0x4278_bcfe_5680_01f8, "1700000000000.123"),
    (0x7ff0_0000_0000_0000, "inf"),
    (0xfff0_0000_0000_0000, "-inf"),
    (0x7ff8_0000_0000_0000, "nan"),
    (0x4009_21fb_5444_2d18, "3.141592653589793"),
    (0x40f8_6a00_0000_0000, "100000.0"),
    (0x40fe_240c_9fbe_76c9, "123456.789"),
    (0x4340_0000_0000_0000, "9007199254740992.0"),
    (0x4011_6666_6666_6666, "4.35"),
    (0x3f0a_36e2_eb1c_432d, "5e-05"),
    (0x3f20_1f31_f46e_d246, "0.000123"),
    (0x3ff0_0000_0000_0001, "1.0000000000000002"),
    (0x4306_93ef_37b6_909a, "794388141101587.2"),
];

fn rows(columns: &[Cells<'_>]) -> Vec<Vec<u8>> {
    let bytes = render(columns).unwrap().into_bytes();
    Packed::from_bytes(&bytes).unwrap().iter().map(<[u8]>::to_vec).collect()
}

fn text(columns: &[Cells<'_>]) -> Vec<String> {
    rows(columns).into_iter().map(|row| String::from_utf8(row).unwrap()).collect()
}

fn strings(items: &[&str]) -> Text {
    let mut text = Text::strings(items.len());
    for item in items {
        text.push(Item::Str(item)).unwrap();
    }
    text
}

/// Doubles are written as Python writes them.
#[test]
fn oracle_floats_are_written_as_by_python() {
    for &(bits, expected) in PYTHON {
        assert_eq!(text(&[Cells::Float(&[f64::from_bits(bits)])]), [expected]);
    }
}

/// A row holds its cells between commas, each type in its own form.
#[test]
fn cells_of_all_types() {
    let mut bytes = Text::byte_strings(2);
    bytes.push(Item::Bytes(&[0, 255])).unwrap();
    bytes.push(Item::Bytes(&[])).unwrap();
    let words = strings(&["a", ""]);
    let columns = [
        Cells::Float(&[0.5, -0.0]),
        Cells::Int(&[i64::MIN, 7]),
        Cells::Bool(&[true, false]),
        Cells::Text(&words),
        Cells::Text(&bytes),
    ];
    assert_eq!(text(&columns), ["0.5,-9223372036854775808,True,a,AP8=", "-0.0,7,False,\"\",\"\""]);
    let large = BigInt::from(i64::MAX);
    let any = [
        Cell::Null,
        Cell::Bool(true),
        Cell::Int(&large * &large),
        Cell::Float(f64::NAN),
        Cell::Str("a,b".to_owned()),
        Cell::Bytes(vec![1]),
        Cell::Str(String::new()),
    ];
    let expected = ["", "True", "85070591730234615847396907784232501249", "nan", "\"a,b\"", "AQ==", "\"\""];
    assert_eq!(text(&[Cells::Any(&any)]), expected);
}

/// Only text with a comma, a quote or a line end is quoted, and the empty string.
#[test]
fn quotes_stand_only_where_needed() {
    let words = strings(&["plain text'", "a,b", "a\"b", "\"", "a\nb", "a\rb", "", " ", "é"]);
    let expected =
        ["plain text'", "\"a,b\"", "\"a\"\"b\"", "\"\"\"\"", "\"a\nb\"", "\"a\rb\"", "\"\"", " ", "é"];
    assert_eq!(text(&[Cells::Text(&words)]), expected);
}

/// Columns of different lengths, or none at all, are an error.
#[test]
fn rows_need_columns_of_one_length() {
    assert!(matches!(render(&[]), Err(Error::Invalid(_))));
    assert!(matches!(render(&[Cells::Int(&[1]), Cells::Bool(&[])]), Err(Error::Columns(_))));
}

/// Stamped rows are lines with time and difference.
#[test]
fn stamp_ends_each_row() {
    let packed = render(&[Cells::Int(&[1, 2])]).unwrap().into_bytes();
    assert_eq!(stamp(&packed, 7, 1).unwrap(), b"1,7,1\n2,7,1\n");
    assert_eq!(stamp(&packed, -7, -1).unwrap(), b"1,-7,-1\n2,-7,-1\n");
    assert_eq!(stamp(&RowText::default().into_bytes(), 0, 1).unwrap(), b"");
}

/// Packed rows that were cut, lengthened or claim more than is there are an error.
#[test]
fn damaged_rows_are_errors() {
    let packed = render(&[Cells::Int(&[10, 200, 3000])]).unwrap().into_bytes();
    for end in 0..packed.len() {
        assert!(stamp(&packed[..end], 0, 1).is_err());
        assert!(stamp(&packed[packed.len() - end..], 0, 1).is_err());
    }
    let mut newer = packed.clone();
    newer[packed.len() - 2] += 1;
    assert!(matches!(stamp(&newer, 0, 1), Err(Error::Version { .. })));
    for count in [0, 2, 4, u64::MAX, u64::MAX / 4 + 2] {
        let mut wrong = packed.clone();
        wrong[packed.len() - 10..][..8].copy_from_slice(&count.to_le_bytes());
        assert!(matches!(stamp(&wrong, 0, 1), Err(Error::Corrupt(_))), "{count}");
    }
}

/// Decodes rows as CSV messages.
fn read(rows: &[Vec<u8>], columns: &[(&str, ColumnType)]) -> Vec<Column> {
    let messages: Vec<_> = rows.iter().map(|row| Some(row.as_slice())).collect();
    let header: Vec<String> = columns.iter().map(|column| column.0.to_owned()).collect();
    let schema = columns.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect();
    let decoder = csv::decoder(schema, &header).unwrap();
    let batch = decoder.decode(&messages);
    assert_eq!(batch.rejects, []);
    batch.columns
}

type Record = (f64, i64, bool, String, Vec<u8>);

fn record() -> impl Strategy<Value = Record> {
    let finite = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite());
    let text = prop_oneof![any::<String>(), "[\",\r\n a\u{feff}]{0,6}"];
    (finite, any::<i64>(), any::<bool>(), text, any::<Vec<u8>>())
}

proptest! {
    #![proptest_config(Config {
        cases: 2_000, rng_seed: RngSeed::Fixed(4), failure_persistence: None, ..Config::default()
    })]

    /// Whatever is written reads back with the same bits.
    #[test]
    fn law_what_is_written_reads_back(records in prop::collection::vec(record(), 0..10)) {
        let floats: Vec<f64> = records.iter().map(|record| record.0).collect();
        let ints: Vec<i64> = records.iter().map(|record| record.1).collect();
        let bools: Vec<bool> = records.iter().map(|record| record.2).collect();
        let (mut words, mut blobs) = (Text::strings(0), Text::byte_strings(0));
        for record in &records {
            words.push(Item::Str(&record.3)).unwrap();
            blobs.push(Item::Bytes(&record.4)).unwrap();
        }
        let all = [
            ("f", ColumnType::Float, Cells::Float(&floats)),
            ("i", ColumnType::Int, Cells::Int(&ints)),
            ("b", ColumnType::Bool, Cells::Bool(&bools)),
            ("s", ColumnType::Str, Cells::Text(&words)),
            ("d", ColumnType::Bytes, Cells::Text(&blobs)),
        ];
        let written = rows(&all.each_ref().map(|column| column.2));
        let schema = all.map(|(name, kind, _)| (name, kind));
        let decoded = read(&written, &schema);
        let [Column::Float(f), Column::Int(i), Column::Bool(b), Column::Text(s), Column::Text(d)] =
            &decoded[..]
        else {
            panic!("columns of other types")
        };
        prop_assert!(f.iter().map(|value| value.to_bits()).eq(floats.iter().map(|value| value.to_bits())));
        prop_assert_eq!((i, b, s, d), (&ints, &bools, &words, &blobs));
    }

    /// The standard library's parser reads every double back with the same bits, and there are no more digits
    /// than the standard library's shortest form has (which of two equally near ones it takes may differ).
    #[test]
    fn differential_floats_are_shortest_and_exact(bits: u64, near in -9.0..0.0f64) {
        for value in [f64::from_bits(bits), 10f64.powf(near)] {
            let written = &text(&[Cells::Float(&[value])])[0];
            let read: f64 = written.parse().unwrap();
            prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()));
            let digits = |text: &str| {
                let mantissa = text.split('e').next().unwrap();
                let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
                digits.trim_matches('0').len()
            };
            prop_assert_eq!(digits(written), digits(&format!("{value:e}")));
        }
    }

    /// Any bytes are packed rows or an error; what is packed rows holds as many as it says.
    #[test]
    fn law_any_bytes_are_rows_or_an_error(
        values in prop::collection::vec(any::<i64>(), 0..4),
        at in any::<prop::sample::Index>(),
        byte: u8,
        noise: Vec<u8>,
    ) {
        let mut bytes = render(&[Cells::Int(&values)]).unwrap().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        for bytes in [&bytes, &noise] {
            if let Ok(rows) = Packed::from_bytes(bytes) {
                prop_assert_eq!(rows.iter().count(), rows.len());
                prop_assert_eq!(rows.iter().map(<[u8]>::len).sum::<usize>(), rows.size());
            }
        }
    }
}

/// A missing value is an empty cell in a column of any type, whatever stands in its place; an empty text is not.
#[test]
fn missing_values_are_empty_cells() {
    let mut text = Text::strings(3);
    for item in ["", "a", ""] {
        text.push(Item::Str(item)).unwrap();
    }
    let mask = [false, true, true];
    let columns = [Cells::Float(&[1.5, 2.5, f64::NAN]), Cells::Bool(&[true; 3]), Cells::Text(&text)];
    let optional: Vec<_> = columns.iter().map(|cells| Cells::Optional(cells, &mask)).collect();
    let packed =
        render(&[optional[0], Cells::Int(&[7, 8, 9]), optional[1], optional[2]]).unwrap().into_bytes();
    let rows: Vec<_> = Packed::from_bytes(&packed).unwrap().iter().map(<[u8]>::to_vec).collect();
    assert_eq!(rows, [b"1.5,7,True,\"\"".to_vec(), b",8,,".to_vec(), b",9,,".to_vec()]);
}
