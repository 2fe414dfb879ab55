//! Records with checks: how TensorFlow frames what it appends to a file.
//!
//! <https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/core/lib/io/record_writer.h>
//!
//! mask(c) = (c rotated right by 15 bits) + 0xA282EAD8, modulo 2³², so that a check of data that hold checks
//! is a good one.

use std::io::{self, Write};

/// Writes `data` as one record.
pub(crate) fn write_record(out: &mut impl Write, data: &[u8]) -> io::Result<()> {
    let length = (data.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&check(&length).to_le_bytes())?;
    out.write_all(data)?;
    out.write_all(&check(data).to_le_bytes())
}

fn check(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xA282_EAD8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_the_bytes_of_tensorflow() {
        // Event { wall_time: 1.7e9, file_version: "brain.Event:2" }, as TensorBoard 2.21.0 writes it.
        let data = b"\x09\x00\x00\x00\x40\xfc\x54\xd9\x41\x1a\x0dbrain.Event:2";
        let mut record = Vec::new();
        write_record(&mut record, data).unwrap();
        let text: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            text,
            "1800000000000000a37f4b220900000040fc54d9411a0d627261696e2e4576656e743a32eced8f9d"
        );
    }

    #[test]
    fn the_check_is_that_of_castagnoli() {
        // The check value of the catalogue of CRC algorithms for CRC-32/ISCSI.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xE306_9283);
    }
}
