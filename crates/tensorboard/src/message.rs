//! Protocol buffers, as far as they are needed: numbers, texts and messages within messages.
//!
//! <https://protobuf.dev/programming-guides/encoding/>: each field begins with a varint of its number and its
//! wire type, 0 for a varint, 1 for 8 bytes, 2 for a length and as many bytes.

/// A message that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A number of an integer type; a negative one is written as its two's complement of 64 bits.
    pub(crate) fn integer(mut self, field: u32, x: i64) -> Message {
        self.key(field, 0);
        self.varint(x as u64);
        self
    }

    /// A number of type `double`.
    pub(crate) fn double(mut self, field: u32, x: f64) -> Message {
        self.key(field, 1);
        self.0.extend(x.to_le_bytes());
        self
    }

    /// A text, or bytes.
    pub(crate) fn text(mut self, field: u32, text: impl AsRef<[u8]>) -> Message {
        let text = text.as_ref();
        self.key(field, 2);
        self.varint(text.len() as u64);
        self.0.extend(text);
        self
    }

    /// A message within this one.
    pub(crate) fn message(self, field: u32, message: &Message) -> Message {
        self.text(field, message.bytes())
    }

    fn key(&mut self, field: u32, wire_type: u64) {
        self.varint(u64::from(field) << 3 | wire_type);
    }

    /// Seven bits to a byte, least significant first; the eighth says that more follow.
    fn varint(&mut self, mut x: u64) {
        while x >= 0x80 {
            self.0.push((x & 0x7F) as u8 | 0x80);
            x >>= 7;
        }
        self.0.push(x as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_the_bytes_of_the_guide() {
        // The examples of the guide to the encoding.
        assert_eq!(Message::default().integer(1, 150).bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().text(2, "testing").bytes(), b"\x12\x07testing");
        let inner = Message::default().integer(1, 150);
        assert_eq!(Message::default().message(3, &inner).bytes(), [0x1a, 3, 0x08, 0x96, 0x01]);
    }

    #[test]
    fn a_negative_number_has_ten_bytes() {
        let expected = [&[0x08][..], &[0xFF; 9], &[0x01]].concat();
        assert_eq!(Message::default().integer(1, -1).bytes(), expected);
    }
}
