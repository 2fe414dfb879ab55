//! The events of a file, and the graph among them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::message::Message;
use crate::record::write_record;

/// A file of events that is being written.
#[derive(Debug)]
pub struct EventFile<W> {
    out: W,
}

/// A node of a graph, as TensorBoard shows it.
///
/// TensorBoard takes names apart at `/` to scopes, draws an operation `Const` as a dot beside its reader, and
/// merges an input that follows itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphNode {
    /// The scopes and the name: `layer1/matmul`.
    pub name: String,
    /// The operation: `MatMul`.
    pub operation: String,
    /// The names of the operands.
    pub inputs: Vec<String>,
    /// The sizes of the value, which stand at the edges that leave the node.
    pub shape: Option<Vec<usize>>,
    /// More that is shown of the node: names and texts.
    pub attributes: Vec<(String, String)>,
}

impl EventFile<BufWriter<File>> {
    /// A file in `folder`, which is made where it is not there: a run of TensorBoard. There may be no other
    /// file of events in it, which TensorBoard would read as of the same run.
    ///
    /// # Errors
    ///
    /// If there is one, or the folder or the file cannot be made.
    pub fn create(folder: &Path) -> io::Result<EventFile<BufWriter<File>>> {
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            if name.to_string_lossy().contains("tfevents") {
                let message = format!(
                    "{} has events of another run, {}; name another folder",
                    folder.display(),
                    name.display()
                );
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
            }
        }
        let now = now();
        let path = folder.join(format!("events.out.tfevents.{:010}.thalweg", now as u64));
        EventFile::new(BufWriter::new(File::create_new(path)?), now)
    }

    /// Writes the graph at the present time, and everything to the disk.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn finish(mut self, graph: &[GraphNode]) -> io::Result<()> {
        self.graph(graph, now())?;
        self.out.flush()
    }
}

impl<W: Write> EventFile<W> {
    /// A file that begins at `wall_time`, in seconds since 1970: its first event says so, and of which version
    /// it is.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn new(out: W, wall_time: f64) -> io::Result<EventFile<W>> {
        let mut file = EventFile { out };
        file.event(&Message::default().double(1, wall_time).text(3, "brain.Event:2"))?;
        Ok(file)
    }

    /// Adds the graph of the run, of which there is one, at `wall_time` in seconds since 1970.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn graph(&mut self, nodes: &[GraphNode], wall_time: f64) -> io::Result<()> {
        let graph =
            nodes.iter().fold(Message::default(), |graph, node| graph.message(1, &node.def()));
        // The version of what a GraphDef means, by its producer.
        let graph = graph.message(4, &Message::default().integer(1, 22));
        self.event(&Message::default().double(1, wall_time).text(4, graph.bytes()))
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn event(&mut self, event: &Message) -> io::Result<()> {
        write_record(&mut self.out, event.bytes())
    }
}

impl GraphNode {
    /// The message NodeDef.
    fn def(&self) -> Message {
        let mut def = Message::default().text(1, &self.name).text(2, &self.operation);
        for input in &self.inputs {
            def = def.text(3, input);
        }
        if let Some(sizes) = &self.shape {
            let size = |shape: Message, size: &usize| {
                shape.message(2, &Message::default().integer(1, *size as i64))
            };
            let shape = sizes.iter().fold(Message::default(), size);
            // AttrValue { list { shape } }: an operation may have several outputs.
            let list = Message::default().message(1, &Message::default().message(7, &shape));
            def = def.message(5, &attribute("_output_shapes", &list));
        }
        for (name, text) in &self.attributes {
            // AttrValue { placeholder }: the field for texts holds bytes, which the page shows as octal numbers
            // where they are not ASCII; this one holds letters.
            def = def.message(5, &attribute(name, &Message::default().text(9, text)));
        }
        def
    }
}

/// An entry of the map of attributes.
fn attribute(name: &str, value: &Message) -> Message {
    Message::default().text(1, name).message(2, value)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_the_bytes_of_protobuf() {
        let node = GraphNode {
            name: "a/b".into(),
            operation: "Exp".into(),
            inputs: vec!["x".into()],
            shape: Some(vec![2]),
            attributes: vec![("formula".into(), "θ".into())],
        };
        // What the class NodeDef of TensorBoard 2.21.0 serializes to.
        let expected = b"\n\x03a/b\x12\x03Exp\x1a\x01x*\x1a\n\x0e_output_shapes\x12\x08\n\x06:\x04\
            \x12\x02\x08\x02*\x0f\n\x07formula\x12\x04J\x02\xce\xb8";
        assert_eq!(node.def().bytes(), expected);
    }

    #[test]
    fn a_graph_has_the_bytes_of_protobuf() {
        let node = |name: &str, operation: &str, inputs: &[&str]| GraphNode {
            name: name.into(),
            operation: operation.into(),
            inputs: inputs.iter().map(|input| (*input).into()).collect(),
            shape: Some(vec![2, 3]),
            attributes: Vec::new(),
        };
        let mut file = EventFile::new(Vec::new(), 1.7e9).unwrap();
        let nodes = [node("x", "Placeholder", &[]), node("layer/exp", "Exp", &["x"])];
        file.graph(&nodes, 1.7e9).unwrap();
        // What the class Event of TensorBoard 2.21.0 serializes to.
        let expected = b"\t\x00\x00\x00@\xfcT\xd9A\"k\n0\n\x01x\x12\x0bPlaceholder*\x1e\n\x0e_output_\
            shapes\x12\x0c\n\n:\x08\x12\x02\x08\x02\x12\x02\x08\x03\n3\n\tlayer/exp\x12\x03Exp\x1a\x01x*\
            \x1e\n\x0e_output_shapes\x12\x0c\n\n:\x08\x12\x02\x08\x02\x12\x02\x08\x03\"\x02\x08\x16";
        let bytes = file.into_inner();
        // The record of the version, then a length and its check before the event, and a check behind it.
        assert_eq!(&bytes[40 + 12..bytes.len() - 4], expected);
    }

    #[test]
    fn a_folder_with_events_takes_no_others() {
        let folder = std::env::temp_dir().join(format!("thalweg-events-{}", std::process::id()));
        EventFile::create(&folder).unwrap().finish(&[]).unwrap();
        let error = EventFile::create(&folder).unwrap_err().to_string();
        fs::remove_dir_all(&folder).unwrap();
        assert!(error.contains("has events of another run, events.out.tfevents."), "{error}");
    }
}
