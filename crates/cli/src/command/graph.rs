//! `thalweg graph`: the computational graph of a task, and the optimizer as a part of it.

mod dot;
mod json;
mod plan;
mod tensorboard;
mod text;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;

use thalweg_calls::{Call, nearest};
use thalweg_data::{Size, Source};
use thalweg_graph::{Diagram, DiagramNode, Plan, ScopeCard, Train};
use thalweg_minimize::METHODS;
use thalweg_optim::optimizer;
use thalweg_train::{Model, Set, Task, task};

use crate::Ending;
use crate::args::{GraphArgs, GraphFormat};

pub fn graph(args: GraphArgs) -> Ending {
    let task = task::<f32>(&args.task, &Source::Embedded)?;
    let batch = batch(&*task, args.batch)?;
    let mut model = task.model(batch)?;
    let (train, diagram) = minimize(&mut model, &args.optimizer)?;
    if args.plan {
        let fetch = [model.cost, model.measure];
        let plan = Plan::<f32>::compile(&model.graph, &fetch, train.as_ref());
        return written(&args.out, |out| plan::write(out, &plan.describe()));
    }
    let view = View::new(&diagram, args.scope.as_deref().unwrap_or_default())?;
    let about = About {
        task: Task::description(&*task).name.clone(),
        batch,
        optimizer: args.optimizer.map(|call| call.to_string()),
    };
    match (args.format, &args.out) {
        (GraphFormat::Text, out) => written(out, |out| text::write(out, &view, &about)),
        (GraphFormat::Dot, out) => written(out, |out| dot::write(out, &view, &about)),
        (GraphFormat::Json, out) => written(out, |out| json::write(out, &view, &about)),
        (GraphFormat::Tensorboard, Some(folder)) => tensorboard::write(folder, &view),
        (GraphFormat::Tensorboard, None) => unreachable!("the arguments require a folder"),
    }
}

/// What the graph is of.
struct About {
    task: String,
    batch: usize,
    optimizer: Option<String>,
}

/// The part of a diagram that is shown.
struct View<'a> {
    diagram: &'a Diagram,
    /// Empty for all of it.
    scope: &'a str,
}

impl<'a> View<'a> {
    fn new(diagram: &'a Diagram, scope: &'a str) -> Result<View<'a>, Box<dyn Error>> {
        let scope = scope.trim_end_matches('/');
        let scopes = diagram.scopes();
        if scope.is_empty() || scopes.contains(&scope) {
            return Ok(View { diagram, scope });
        }
        // A node is not a scope, but its scope is near.
        let hint = match nearest(scope, scopes.iter().copied()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => {
                let outermost = scopes.iter().filter(|scope| !scope.contains('/'));
                let outermost = outermost.copied().collect::<Vec<_>>().join(", ");
                format!("the outermost are {outermost}")
            }
        };
        Err(format!("unknown scope '{scope}': {hint}").into())
    }

    /// The nodes that are shown, each with its place in the diagram.
    fn nodes(&self) -> impl Iterator<Item = (usize, &'a DiagramNode)> {
        self.diagram.nodes().iter().enumerate().filter(|(_, node)| self.holds(&node.name))
    }

    /// The scopes that are shown, each with its card: the one asked for, and those within it.
    fn cards(&self) -> Vec<(&'a str, ScopeCard)> {
        let shown = |scope: &&str| *scope == self.scope || self.holds(scope);
        let scopes = self.diagram.scopes().into_iter().filter(shown);
        scopes.map(|scope| (scope, self.diagram.card(scope))).collect()
    }

    /// Whether a node or a scope of this name lies within what is shown.
    fn holds(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.scope);
        self.scope.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The scope of a node, and what it is called there.
fn parent(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

/// How many examples the graph is for.
fn batch(task: &dyn Task<f32>, wanted: Option<u64>) -> Result<usize, Box<dyn Error>> {
    let most = task.examples(Set::Train);
    let batch = match (wanted, task.description().batching.size) {
        (Some(batch), _) => batch as usize,
        (None, Size::Of(batch)) => batch,
        (None, Size::Full) => most,
    };
    if batch > most {
        let name = &task.description().name;
        let told =
            format!("{name} has {most} examples to train on; take batches of at most {most}");
        return Err(told.into());
    }
    Ok(batch)
}

/// Adds the nodes of the optimizer, if there is one, and gives the diagram of everything.
fn minimize(
    model: &mut Model,
    call: &Option<Call>,
) -> Result<(Option<Train>, Diagram), Box<dyn Error>> {
    let Some(call) = call else { return Ok((None, Diagram::of(&model.graph))) };
    if METHODS.find(&call.name).is_ok() {
        let name = &call.name;
        return Err(format!(
            "{name} is no node of a graph: it runs the whole of it several times for a step"
        )
        .into());
    }
    let optimizer = optimizer::<f32>(call, Some(1.0))?;
    let (train, expressions) = model.graph.minimize_by(model.cost, &call.name, &*optimizer)?;
    let diagram = Diagram::with_updates(&model.graph, &train, &expressions);
    Ok((Some(train), diagram))
}

/// Writes to a file, or to standard output.
fn written(
    path: &Option<impl AsRef<Path>>,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Ending {
    let Some(path) = path else {
        let mut out = BufWriter::new(stdout().lock());
        write(&mut out)?;
        return Ok(out.flush()?);
    };
    let path = path.as_ref();
    let file = File::create(path).map_err(|error| {
        format!("cannot write {}: {error}; name a file in a folder that is there", path.display())
    })?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    Ok(out.flush()?)
}
