//! The command line as clap reads it: verbs, their arguments, and what all of them share.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::simulate::Severity;

/// Over what all verbs share, in the help of each.
const ALL: &str = "Options of all commands";

/// Keeps records of two systems alike, both ways, as mapping files say.
#[derive(Debug, Parser)]
#[command(name = "depara", version, max_term_width = 100, propagate_version = true)]
pub struct Arguments {
    /// What all verbs share.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What all verbs share.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// The workspace: where depara.yaml, mappings, scripts and cases are.
    #[arg(long, value_name = "DIR", default_value = ".", global = true, help_heading = ALL)]
    pub dir: PathBuf,
    /// How answers are printed.
    #[arg(long, value_enum, default_value_t = Format::Human, global = true, help_heading = ALL)]
    pub format: Format,
    /// How the log on standard error is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text, global = true, help_heading = ALL)]
    pub log_format: LogFormat,
    /// What is logged: a level of ours such as `debug`, or several as in `depara=debug,hyper=info`.
    #[arg(long = "log", value_name = "LEVEL", env = "RUST_LOG", hide_env_values = true, global = true, help_heading = ALL)]
    pub log: Option<String>,
    /// When to use colours; `auto` obeys NO_COLOR.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto, global = true, help_heading = ALL)]
    pub color: Colour,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs: one JSON object on each line.
    Json,
    /// For GitHub: complaints as annotations of a workflow; of `check` alone.
    Github,
    /// For code scanning: complaints as one SARIF 2.1.0 log; of `check` alone.
    Sarif,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object on each line.
    Json,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal.
    Auto,
    /// Not at all.
    Never,
    /// Also into files and pipes.
    Always,
}

/// A verb.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the main job on sandboxes with sample records; needs nothing else.
    Demo(DemoArguments),
    /// Write an editable workspace: mappings, scripts, cases and an account file.
    Init {
        /// The folder to write; files that are there already are never replaced.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Say everything that is wrong with YAML and Rhai, with file, line and hint.
    Check(CheckArguments),
    /// Run the cases; a failing one shows what was expected beside what was found.
    Test(TestArguments),
    /// Look at an account end to end: credentials, permissions, parameters, who has no twin, what a first
    /// run would do; sends only reads.
    Doctor(DoctorArguments),
    /// Show what a cycle would send, field by field, and its price in calls and time; sends only reads.
    Plan(PlanArguments),
    /// Run one cycle of each mapping.
    Sync {
        /// Which cycles.
        #[command(flatten)]
        cycle: CycleArguments,
        /// Go beyond the mapping's limits, this once.
        #[arg(long)]
        accept: bool,
    },
    /// Run as a service, on the mappings' schedules, until told to stop.
    Run(ScopeArguments),
    /// Say where a value came from, or the one reason why a record did not move; from memory alone.
    Explain {
        /// Where the record lives, such as `erp.clients`.
        #[arg(value_name = "SYSTEM.RESOURCE")]
        resource: String,
        /// Its id there.
        id: String,
        /// One field, by its name or label.
        field: Option<String>,
        /// Which mappings.
        #[command(flatten)]
        scope: ScopeArguments,
    },
    /// Write a record and its twin as they stand as a case, with all that tells of people masked; sends
    /// only reads.
    Capture(CaptureArguments),
    /// List, show or forget which records are known to be one thing.
    Links(LinksArguments),
    /// List, show or retry the records that a system refused.
    Quarantine(QuarantineArguments),
    /// List, show or answer fields that both sides changed.
    Conflicts(ConflictsArguments),
    /// Write the De × Para of the mappings, as Markdown or HTML: which field becomes which, and how.
    Docs(DocsArguments),
    /// Play random histories of the workspace on imitation systems: edits, faults, crashes; and check
    /// that nothing is lost, doubled or made up.
    Simulate(SimulateArguments),
    /// Serve imitation systems on loopback ports.
    Sandbox(SandboxArguments),
    /// Write what editors look into: JSON Schemas of the YAML files, and what rules may call.
    Schema(SchemaArguments),
    /// Lay the YAML files of the workspace out in one way; never changes what they say.
    Fmt(FmtArguments),
    /// Print what a shell needs to complete commands and options.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages of all commands.
    Man {
        /// The folder to write; made when it is not there.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
}

/// Arguments of `schema`.
#[derive(Args, Clone, Debug)]
pub struct SchemaArguments {
    /// Print this one instead of writing them all into `schema/`: mapping, system, table, case,
    /// mutants, depara or rules.
    pub name: Option<String>,
    /// The language of the descriptions.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub language: Language,
}

/// Arguments of `fmt`.
#[derive(Args, Clone, Debug)]
pub struct FmtArguments {
    /// Only these files and folders, or another workspace; all files of the workspace when nothing is said.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Write nothing; fail when a file would change.
    #[arg(long)]
    pub check: bool,
}

/// Which histories.
#[derive(Args, Clone, Debug)]
pub struct SimulateArguments {
    /// How many histories; 100 when nothing is said, 1 where a seed is given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: Option<u64>,
    /// The seed of the first one.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Days that each lasts.
    #[arg(long, value_name = "D", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub days: u32,
    /// Records that people have made in each system before the first cycle, at most.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub records: usize,
    /// Accounts that one process serves side by side, over one store; each has systems and people of its own.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..=9))]
    pub accounts: usize,
    /// Minutes between two cycles, whatever the mappings say: with fewer cycles a history is played sooner,
    /// and more happens in each.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=1440))]
    pub every: Option<u64>,
    /// Only this mapping, and those whose links it follows.
    #[arg(long)]
    pub mapping: Option<String>,
    /// How much goes wrong.
    #[arg(long, value_enum, default_value_t = FaultLevel::Mild)]
    pub faults: FaultLevel,
    /// Play one history with these of its acts alone, as a replay names them; with none of them when none
    /// is named.
    #[arg(long, value_name = "ACTS", value_delimiter = ',', num_args = 0..)]
    pub only: Option<Vec<usize>>,
    /// How many threads; one for each core when nothing is said.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// How much goes wrong in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FaultLevel {
    /// Nothing but people.
    None,
    /// Now and then.
    Mild,
    /// All the time.
    Harsh,
}

impl FaultLevel {
    /// As people write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mild => "mild",
            Self::Harsh => "harsh",
        }
    }

    /// As histories are drawn.
    pub const fn severity(self) -> Severity {
        match self {
            Self::None => Severity::None,
            Self::Mild => Severity::Mild,
            Self::Harsh => Severity::Harsh,
        }
    }
}

/// Which mappings of which accounts; all of them when nothing is said.
#[derive(Args, Clone, Debug, Default)]
pub struct ScopeArguments {
    /// Only this mapping.
    #[arg(long, global = true)]
    pub mapping: Option<String>,
    /// Only this account.
    #[arg(long, global = true)]
    pub account: Option<String>,
}

/// Which cycles.
#[derive(Args, Clone, Debug, Default)]
pub struct CycleArguments {
    /// Which mappings.
    #[command(flatten)]
    pub scope: ScopeArguments,
    /// Compare everything, not only what changed lately.
    #[arg(long)]
    pub full: bool,
}

/// Arguments of `plan`.
#[derive(Args, Clone, Debug, Default)]
pub struct PlanArguments {
    /// Which cycles.
    #[command(flatten)]
    pub cycle: CycleArguments,
    /// Show only what differs from another version of the workspace: the folder of it. Both are planned on
    /// one reading in which everything is compared; ends with 4 when something differs.
    #[arg(long, value_name = "DIR", conflicts_with = "full")]
    pub against: Option<PathBuf>,
}

/// Arguments of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArguments {
    /// Only this account.
    #[arg(long)]
    pub account: Option<String>,
}

/// Arguments of `capture`.
#[derive(Args, Clone, Debug)]
pub struct CaptureArguments {
    /// Where the record lives, such as `erp.clients`.
    #[arg(value_name = "SYSTEM.RESOURCE")]
    pub resource: String,
    /// Its id there.
    pub id: String,
    /// Which mapping; it must be named where several speak of the record.
    #[command(flatten)]
    pub scope: ScopeArguments,
    /// Write this file instead of printing; under tests/cases/ it is a case of the workspace.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file when it is there.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Tell a field as it is, by its name or label; may be given more than once.
    #[arg(long, value_name = "FIELD")]
    pub keep: Vec<String>,
}

/// Arguments of `links`.
#[derive(Args, Debug)]
pub struct LinksArguments {
    /// Which mappings.
    #[command(flatten)]
    pub scope: ScopeArguments,
    /// Write every link, each as a line of JSON, into a file or on standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "import")]
    pub export: Option<Option<PathBuf>>,
    /// Take up the links that --export wrote; nothing is written when anything is wrong with them.
    #[arg(long, value_name = "FILE")]
    pub import: Option<PathBuf>,
    /// What to do; lists when nothing is said.
    #[command(subcommand)]
    pub verb: Option<LinksVerb>,
}

/// What to do with links.
#[derive(Debug, Subcommand)]
pub enum LinksVerb {
    /// List them.
    List(ListArguments),
    /// Show one, with what each side held at the last agreement.
    Show {
        /// The id on either side.
        id: String,
    },
    /// Forget one: the records meet again by the keys of the mapping. Neither record is touched.
    Forget {
        /// The id on either side.
        id: String,
    },
}

/// How much of a list.
#[derive(Args, Clone, Copy, Debug)]
pub struct ListArguments {
    /// At most so many of each mapping and account.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}

impl Default for ListArguments {
    fn default() -> Self {
        Self { limit: 100 }
    }
}

/// Arguments of `quarantine`.
#[derive(Args, Debug)]
pub struct QuarantineArguments {
    /// Which mappings.
    #[command(flatten)]
    pub scope: ScopeArguments,
    /// What to do; lists when nothing is said.
    #[command(subcommand)]
    pub verb: Option<QuarantineVerb>,
}

/// What to do with refused records.
#[derive(Debug, Subcommand)]
pub enum QuarantineVerb {
    /// List them.
    List {
        /// How many.
        #[command(flatten)]
        list: ListArguments,
        /// Also records that are held, deferred or ambiguous.
        #[arg(long)]
        all: bool,
    },
    /// Show one, with the system's own words and the record as it was.
    Show {
        /// The id of the record that was to move.
        id: String,
    },
    /// Let one, or all, be tried again in the next cycle.
    Retry {
        /// The id of the record that was to move.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// All of them.
        #[arg(long)]
        all: bool,
    },
}

/// Arguments of `conflicts`.
#[derive(Args, Debug)]
pub struct ConflictsArguments {
    /// Which mappings.
    #[command(flatten)]
    pub scope: ScopeArguments,
    /// What to do; lists when nothing is said.
    #[command(subcommand)]
    pub verb: Option<ConflictsVerb>,
}

/// What to do with conflicts.
#[derive(Debug, Subcommand)]
pub enum ConflictsVerb {
    /// List them, the newest first.
    List {
        /// How many.
        #[command(flatten)]
        list: ListArguments,
        /// Only those that nobody has settled.
        #[arg(long)]
        open: bool,
    },
    /// Show one, with what each side held and had held.
    Show {
        /// The conflict, as `conflicts` lists it; the beginning is enough.
        id: String,
    },
    /// Say whose value shall stand, of fields that fall together for all of them; the next cycle carries it out.
    Answer {
        /// The conflict, as `conflicts` lists it; the beginning is enough.
        id: String,
        /// A system of the mapping, `left` or `right`.
        side: String,
    },
}

/// Arguments of `demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArguments {
    /// Sample records on each side.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub records: usize,
    /// The same seed makes the same records.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Leave the sandboxes running, and say how to point other commands at them.
    #[arg(long)]
    pub keep: bool,
}

/// Arguments of `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArguments {
    /// The workspace, instead of --dir.
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Take warnings for errors: `warnings` for all about what is written, or a code; may be given more
    /// than once.
    #[arg(long, value_name = "CODE|warnings")]
    pub deny: Vec<String>,
    /// Say of every line what comes back of the values it carries, with a witness; a line that breaks what
    /// it promises fails the command.
    #[arg(long, conflicts_with = "explain")]
    pub laws: bool,
    /// Of the laws, only those of this mapping.
    #[arg(long, requires = "laws")]
    pub mapping: Option<String>,
    /// Try the laws on a page of the accounts' own records too; sends only reads.
    #[arg(long, requires = "laws")]
    pub live: bool,
    /// Only records of this account.
    #[arg(long, requires = "live")]
    pub account: Option<String>,
    /// Say what a code means, with an example and its repair; without a code, list them all.
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["folder", "deny"])]
    pub explain: Option<String>,
    /// The language of an explanation.
    #[arg(long, value_enum, default_value_t = Language::En, requires = "explain")]
    pub language: Language,
}

/// Arguments of `test`.
#[derive(Args, Clone, Debug)]
pub struct TestArguments {
    /// The workspace, instead of --dir; a word that is no folder is the filter.
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Only cases whose file or name holds this; with --coverage or --mutants all cases, and only
    /// mappings and scripts whose file holds it.
    pub filter: Option<String>,
    /// Mark the lines of mappings and scripts that no case touches; they fail the command.
    #[arg(long, conflicts_with = "mutants")]
    pub coverage: bool,
    /// Change one thing at a time in mappings and scripts and name each change that no case notices;
    /// those that nobody explains fail the command.
    #[arg(long)]
    pub mutants: bool,
    /// So many mutants at a time, instead of one for each processor.
    #[arg(long, requires = "mutants")]
    pub threads: Option<usize>,
}

/// Arguments of `docs`.
#[derive(Args, Clone, Debug)]
pub struct DocsArguments {
    /// Only this mapping.
    #[arg(long)]
    pub mapping: Option<String>,
    /// One HTML page that needs no other file, instead of Markdown.
    #[arg(long)]
    pub html: bool,
    /// The language of the words around it; titles, labels and comments stay as their author wrote them.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub language: Language,
}

/// A language of the words around a De × Para, and of what explains a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    En,
    /// Brazilian Portuguese.
    Pt,
}

impl Language {
    /// The words of this language.
    pub const fn say(self, english: &'static str, portuguese: &'static str) -> &'static str {
        match self {
            Self::En => english,
            Self::Pt => portuguese,
        }
    }
}

/// Arguments of `sandbox`.
#[derive(Args, Clone, Debug)]
pub struct SandboxArguments {
    /// Which systems; all there are when nothing is said.
    #[arg(value_name = "SYSTEM")]
    pub systems: Vec<String>,
    /// The same seed makes the same records.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Sample records in each.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub records: usize,
    /// A fault to inject; may be given more than once.
    #[arg(long = "fault", value_name = "KIND[:CALL[:OFTEN[:DETAIL]]]", long_help = fault_help())]
    pub faults: Vec<String>,
    /// The port of the first system, the others follow; 0 takes any that are free.
    #[arg(long, value_name = "BASE", default_value_t = 4001)]
    pub port: u16,
    /// Whether the systems' call limits are in force.
    #[arg(long, value_enum, value_name = "on|off", default_value_t = Switch::On)]
    pub limits: Switch,
}

fn fault_help() -> String {
    format!(
        "A fault to inject; may be given more than once.\n\nCALL is a part of the call's name or `*`, OFTEN a count, a \
         percentage such as `5%`, or `*`, as in `lose-answer:IncluirCliente:2` or `delay:*:*:300`. KINDS with their \
         DETAIL, {}",
        crate::sandbox::fault::known()
    )
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}
