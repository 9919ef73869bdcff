//! `deepcomp`: files in, one archive out, and back again. Reads, delegates to the core, writes; no algorithm lives here.

mod archive_commands;
mod compress;
mod contents;
mod disk;
mod edit_commands;
mod estimate;
mod extraction;
mod failure;
mod identity;
mod inputs;
mod models;
mod names;
mod on_disk;
mod output;
mod parts;
mod program;
mod protection;
mod remote;
mod report;
mod sfx;
mod stream;
mod temporary;
mod terminal;
mod test_command;
mod threads;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use deepcomp::Limits;
use deepcomp::codec::{Base, Level};
use deepcomp::field::selection::{ByIndex, ByValue, Period, Region};
use deepcomp::field::{MissingRule, Tiles};
use deepcomp::formats::{Export, FORMATS, Format};
use protection::encryption::{DecryptArgs, EncryptArgs};
use protection::passphrase::PassphraseArgs;
use protection::recovery::{AroundArgs, ProtectArgs, RepairArgs};
use protection::signing::{KeygenArgs, SignArgs, VerifyArgs};
use protection::volumes::{JoinArgs, SplitArgs};
use protection::{encryption, recovery, signing, volumes};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Keeps pages that were used once, and large ones: those of the system's allocator took a third of the time of the fast level.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compress climate data under an error bound or without loss, and get it back.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compress files and folders into one archive: NetCDF, GRIB, GeoTIFF, NPY, NPZ, CSV and pictures as data, anything else byte for byte.
    Compress(CompressArgs),
    /// Get the files of an archive back.
    Extract(ExtractArgs),
    /// Show what an archive holds, from its index.
    List(ListArgs),
    /// Add files to an archive.
    Add(AddArgs),
    /// Add files to an archive, in place of those that have their names.
    Update(AddArgs),
    /// Add more times, or more along another dimension, to a file in an archive.
    Append(AppendArgs),
    /// Take files out of an archive.
    Delete(DeleteArgs),
    /// Give a file in an archive another name.
    Rename(RenameArgs),
    /// Show what an archive says of itself as a whole, or say something else.
    Comment(CommentArgs),
    /// Put the files of the networks that an archive takes into it, so that it opens without them.
    Embed(EmbedArgs),
    /// Put the files of several archives into one, or those of one into a new one: nothing is decoded, and certificates stay as they are.
    Merge(MergeArgs),
    /// Write an archive anew in its place, without what delete, update and the like left behind.
    Compact(CompactArgs),
    /// Put what is whole of a damaged archive into a new one.
    Salvage(SalvageArgs),
    /// Put a recovery record behind an archive, so that damage can be mended later.
    Protect(ProtectArgs),
    /// Mend a damaged archive that has a recovery record: every byte comes back, or it says how much is damaged.
    Repair(RepairArgs),
    /// Put an archive into an envelope that takes a passphrase.
    Encrypt(EncryptArgs),
    /// Take an archive out of its envelope.
    Decrypt(DecryptArgs),
    /// Make a pair of keys for signatures.
    Keygen(KeygenArgs),
    /// Sign an archive.
    Sign(SignArgs),
    /// Check the signatures of an archive.
    Verify(VerifyArgs),
    /// Split an archive into volumes.
    Split(SplitArgs),
    /// Put the volumes of an archive together.
    Join(JoinArgs),
    /// Decode everything and check all checksums and certificates, and with --source every value; the exit code tells the result.
    Test(TestArgs),
    /// Make one HTML file of an archive, which opens in any browser, offline and without DeepComp: it shows maps and certificates, and saves the files.
    Sfx(SfxArgs),
    /// Print completions for a shell, to be put where that looks for them.
    Completions { shell: Shell },
    /// Print this program's page of the manual, for `man -l -`.
    Man,
}

#[derive(Debug, Args)]
struct WorkArgs {
    /// Threads that work on chunks at the same time; as many as the processor runs when absent. The result is the same for any number.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    memory: MemoryArgs,
}

impl WorkArgs {
    fn limits(&self) -> Limits {
        self.memory.limits()
    }
}

#[derive(Debug, Args)]
struct MemoryArgs {
    /// Most bytes that the values of a file, or what has to be read whole, may take, as in 8G: a file that claims more is refused before memory is asked for. Working on them
    /// takes several times as much. 64G when absent.
    #[arg(long, value_name = "BYTES", value_parser = program::amount)]
    max_memory: Option<u64>,
}

impl MemoryArgs {
    fn limits(&self) -> Limits {
        self.max_memory.map_or_else(Limits::default, |decoded_bytes| Limits { decoded_bytes, ..Limits::default() })
    }
}

#[derive(Debug, Args)]
struct CompressArgs {
    /// Files to compress, and folders of them; - is standard input. Of folders all files are taken, hidden ones and those that links lead to too; what is left out (links to
    /// folders, pipes, empty folders, the archive itself) is told. What comes through a pipe is read into memory.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The archive to write, in place of what has that name; - is standard output. Devices and pipes are written into.
    #[arg(short, long, required_unless_present = "estimate")]
    output: Option<PathBuf>,
    /// Write nothing, and tell what archives would come to and how long they would take: at every level, at the bounds asked for, ten times those and a tenth of them. From pieces of the
    /// values, within seconds; most sizes are right within a fifth.
    #[arg(long, conflicts_with = "output")]
    estimate: bool,
    /// Compress what comes through standard input as it comes, into an archive that others can read meanwhile: arrays of one shape, each the values at another time, as numpy.save
    /// writes them one behind the other (npy), or little-endian values and nothing else (TYPE:ROWS,COLUMNS, as in float32:721,1440). NAME names the variable. It ends where the input does, may
    /// take as long as that, and needs memory for a few arrays.
    #[arg(long, value_name = "[NAME=]npy|[NAME=]TYPE:ROWS,COLUMNS", conflicts_with = "estimate")]
    stream: Option<stream::Streamed>,
    /// What the archive says of itself as a whole, which list shows.
    #[arg(long, value_name = "TEXT", conflicts_with = "estimate")]
    comment: Option<String>,
    #[command(flatten)]
    around: AroundArgs,
    #[command(flatten)]
    encode: EncodeArgs,
    /// Print a report as JSON.
    #[arg(long)]
    json: bool,
}

/// How variables are compressed.
#[derive(Debug, Args)]
struct EncodeArgs {
    #[command(flatten)]
    bound: BoundArgs,
    /// Values that come back exactly under any bound, for all variables or by name: "auto" finds those that mean something (0 of rain, 0 and 1 of fractions, 100 of humidity, codes that nothing
    /// declares), "sign" keeps the sign of every value and every 0 besides, "none" keeps none; or numbers in the variable's units, as in "tp=0, r=0, r=100, auto".
    #[arg(long, default_value = "auto", value_name = "auto|none|sign|NAME=VALUE,…", allow_hyphen_values = true)]
    keep: String,
    /// Put values on steps that type and bound alone set: what is decompressed and compressed again at the same bound, in whatever pieces, comes back bit for bit. For stores that
    /// are appended to, copied and cut anew; it costs some bytes at loose bounds.
    #[arg(long)]
    stable: bool,
    /// What of an array lies together in a chunk, for whoever reads a part of it: map, planes of the last two dimensions, which is the smallest; series, all times of few points; both, so
    /// that a map and a series are each read from less than a twentieth of a long series.
    #[arg(long, value_name = "map|series|both", default_value = "map", value_parser = access())]
    access: Tiles,
    /// The same in sizes by the names of dimensions, as in time=24,lat=90,lon=90; of others what is usual.
    #[arg(long, value_name = "NAME=SIZE,…", conflicts_with = "access")]
    tile: Option<Tiles>,
    /// Take absolute bounds of 5 % and more of a variable's range, and one bound for variables of several units, which are refused otherwise.
    #[arg(long)]
    coarse: bool,
    /// Variables that are measurements whatever they look like. All else that is not one stays exact under any bound: coordinates, meshes, ids, flags, masks, dates, whole
    /// numbers without a unit. The table says what each was taken for.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    as_data: Vec<String>,
    /// Values that mean "no data" though the file does not say so: found where the evidence is overwhelming, such as 1e36 or -9999 far from all others, and told; none; or this
    /// one. They come back exactly, and a bound relative to the range is not of a range with them.
    #[arg(long, value_name = "auto|none|VALUE", default_value = "auto", allow_negative_numbers = true, value_parser = missing_rule)]
    missing: MissingRule,
    /// How much time may go into a smaller archive: one quick way alone, for bulk; the smallest without a network; with one, where it makes an archive smaller; or what takes some ten
    /// times as long besides, for what is written once and read for years. Decoding is quick where encoding was.
    /// Where none is named ("auto"), it is the best up to 64 MiB of values, and the balanced one for files from there on.
    #[arg(long, default_value = "auto", value_parser = levels())]
    level: Level,
    /// Predictor of the levels `best` and `max`: the network in this program, none (which makes `best` the level `balanced`), or the network of a file.
    #[arg(long, default_value = "auto", value_name = "auto|none|PATH.dcm")]
    model: String,
    /// Put the file of the network into the archive, if chunks take it: then it opens anywhere, without that file.
    #[arg(long)]
    embed_model: bool,
    /// A base layer drawn by the autoencoder of the model: where it makes the archive smaller, or wherever one can be had, as a preview.
    #[arg(long, value_enum, default_value_t)]
    base: BaseArg,
    /// Refuse what cannot be kept as asked. Without it a damaged file is kept byte for byte, a variable that cannot be held to its bound without loss, a file that its variables would make
    /// larger as it is, and it is told.
    #[arg(long)]
    strict: bool,
    /// Keep no times of files and no permission to run them, so that the archive depends on nothing but names and contents.
    #[arg(long)]
    no_times: bool,
    #[command(flatten)]
    work: WorkArgs,
}

#[derive(Debug, Args)]
struct AddArgs {
    /// The archive, which is added to where it is: nothing of it is written again, and until all is whole it stays as it was.
    archive: PathBuf,
    /// Files and folders of them, as for compress.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    encode: EncodeArgs,
    /// Print a report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct AppendArgs {
    /// The archive, which is added to where it is: nothing of it is written again, and until all is whole it stays as it was.
    archive: PathBuf,
    /// Files of more times, or whatever the dimension is, in their order.
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The file in the archive that is added to; need not be named where it is the only one.
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// The dimension that grows: the unlimited one, or the first of most variables, when absent. Variables without it stay as they are in the archive.
    #[arg(long, value_name = "DIMENSION")]
    along: Option<String>,
    /// How; where no bound is given each variable gets the one it has.
    #[command(flatten)]
    encode: EncodeArgs,
}

#[derive(Debug, Args)]
struct DeleteArgs {
    /// The archive.
    archive: PathBuf,
    /// Names of files in it. What they took stays until compact writes the archive anew.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

#[derive(Debug, Args)]
struct RenameArgs {
    /// The archive.
    archive: PathBuf,
    /// The name of a file in it.
    from: String,
    /// The name it gets.
    to: String,
}

#[derive(Debug, Args)]
struct CommentArgs {
    /// The archive, or where its comment is only shown, its address (https://…).
    archive: PathBuf,
    /// What it says from now on.
    #[arg(long, value_name = "TEXT", group = "change")]
    set: Option<String>,
    /// A file of text, or - for standard input, that it says from now on.
    #[arg(long, value_name = "FILE", group = "change")]
    file: Option<PathBuf>,
    /// Let it say nothing.
    #[arg(long, group = "change")]
    remove: bool,
}

#[derive(Debug, Args)]
struct EmbedArgs {
    /// The archive.
    archive: PathBuf,
    #[command(flatten)]
    models: ModelArgs,
}

#[derive(Debug, Args)]
struct MergeArgs {
    /// The archives, or their addresses (https://…), in the order that their files have afterwards. No two of their files may have one name.
    #[arg(required = true)]
    archives: Vec<PathBuf>,
    /// The archive to write, in place of what has that name; - is standard output. Of one archive it is what compact makes of it, under another name.
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    memory: MemoryArgs,
}

#[derive(Debug, Args)]
struct CompactArgs {
    /// The archive. It stays as it was until the new one is whole, so that the disk needs room for both.
    archive: PathBuf,
    #[command(flatten)]
    memory: MemoryArgs,
}

#[derive(Debug, Args)]
struct SalvageArgs {
    /// The archive that was cut off or damaged.
    archive: PathBuf,
    /// The archive to write, of what is whole; - is standard output. Lost chunks are missing values in it.
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum BaseArg {
    #[default]
    Auto,
    Always,
    Never,
}

impl From<BaseArg> for Base {
    fn from(base: BaseArg) -> Self {
        match base {
            BaseArg::Auto => Self::Auto,
            BaseArg::Always => Self::Always,
            BaseArg::Never => Self::Never,
        }
    }
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct BoundArgs {
    /// Largest error of any value, in the variable's units.
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    abs: Option<f64>,
    /// Largest error of any value, relative to the range of its variable.
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    rel: Option<f64>,
    /// Bounds by variable, and for all others: a number in the variable's units, "0.001 of range", "1%" of each value, "lossless", or "recommended",
    /// which is what climate scientists advise for the variable, and lossless where they are silent. That is also what is taken where no bound is given.
    #[arg(long, value_name = "NAME=BOUND,…,BOUND")]
    bound: Option<String>,
    /// Bring every bit back.
    #[arg(long)]
    lossless: bool,
}

impl BoundArgs {
    const fn is_given(&self) -> bool {
        self.abs.is_some() || self.rel.is_some() || self.bound.is_some() || self.lossless
    }
}

/// Which values are wanted.
#[derive(Debug, Args)]
struct PartArgs {
    /// Variables that are wanted, with the coordinates that they lie on; all when absent.
    #[arg(long = "variable", value_name = "NAME,…", value_delimiter = ',')]
    variables: Vec<String>,
    /// The file in the archive that is meant, where it has several; all that have what is asked for when absent.
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
    /// Times that are wanted, ends included: 2020-01-05..2020-01-07, 2020-01 (all of the month), 2020-01-05T06:00, or one end alone, as in 2020-01-05.. .
    #[arg(long, value_name = "FROM..TO", allow_hyphen_values = true)]
    time: Option<Period>,
    /// A box in degrees: west, south, east, north. It may lie over the ends of the longitudes; of grids that are turned the smallest box of cells is taken that has all of it.
    #[arg(long = "box", value_name = "W,S,E,N", allow_hyphen_values = true)]
    region: Option<Region>,
    /// Values of a coordinate, as in level=850..1000, or level=850 for what is nearest; several times for several.
    #[arg(long, value_name = "NAME=FROM..TO", allow_hyphen_values = true)]
    select: Vec<ByValue>,
    /// Indices of a dimension, from 0 and without the end, as in time=0..10, time=5 or time=-1; several times for several.
    #[arg(long, value_name = "NAME=FROM..TO", allow_hyphen_values = true)]
    index: Vec<ByIndex>,
}

#[derive(Debug, Args)]
struct ExtractArgs {
    /// The archive, or its address (https://…), of which only what is wanted is fetched; - is standard input.
    archive: PathBuf,
    #[command(flatten)]
    part: PartArgs,
    /// Overwrite files that exist. Without it they stay, and on a terminal you are asked. Files of one archive never overwrite each other: a.gif becomes a.gif.png where a.png
    /// is another's.
    #[arg(short, long)]
    force: bool,
    /// Folder to extract into; it is made if need be.
    #[arg(short = 'C', long, default_value = ".")]
    directory: PathBuf,
    /// Write nothing at all where anything is damaged. Without it everything that is whole comes back, what is not is named, and the exit code tells.
    #[arg(long)]
    all_or_nothing: bool,
    /// Format to write; by default that of the source, under its own name.
    #[arg(long = "as", value_parser = output_formats())]
    format: Option<&'static Format>,
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Debug, Args)]
struct ModelArgs {
    /// Model files, or folders of them, that archives may need besides the model in this program; so is the folder that DEEPCOMP_MODELS names.
    #[arg(long, value_name = "FILE|FOLDER")]
    models: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// The archive, or its address (https://…), of which only the index is fetched.
    archive: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Debug, Args)]
struct TestArgs {
    /// The archive, or its address.
    archive: PathBuf,
    /// Files the archive was made from, known by their names: compare every value with its source and run the acceptance tests of climate
    /// science (Baker et al.). The command fails when a bound is broken, not when a test is missed: that depends on the bound you chose.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    source: Vec<PathBuf>,
    /// Print the comparison with the sources as JSON.
    #[arg(long, requires = "source")]
    json: bool,
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Debug, Args)]
struct SfxArgs {
    /// The archive; - is standard input. At most 256 MiB.
    archive: PathBuf,
    /// The page to write, in place of what has that name; - is standard output. It holds the archive, the program that decodes it, and the weights if the archive needs them:
    /// 0.8 MB beside the archive, 1.2 MB with weights. Send it, and whoever opens it sees maps of every variable and what the archive certifies, and can save the archive, its
    /// files as they were, and every dataset as NetCDF, NPZ, NPY and CSV.
    #[arg(short, long)]
    output: PathBuf,
    /// Put the writers of NetCDF-4, GRIB and GeoTIFF into the page, 1 MB more: files of these come out of it as they were only so, and as NetCDF, NPZ, NPY and CSV without.
    #[arg(long)]
    formats: bool,
    /// Another page to put the archive into than the one in this program: viewer/viewer.html of the npm package.
    #[arg(long, value_name = "FILE")]
    viewer: Option<PathBuf>,
    #[command(flatten)]
    models: ModelArgs,
    #[command(flatten)]
    memory: MemoryArgs,
}

/// The levels by their names.
fn levels() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(Level::name)).try_map(|name| name.parse::<Level>())
}

/// How arrays will be read, by its names.
fn access() -> impl TypedValueParser<Value = Tiles> {
    PossibleValuesParser::new(["map", "series", "both"]).try_map(|name| name.parse::<Tiles>())
}

/// A rule of missing values, or what is wrong with it.
fn missing_rule(text: &str) -> Result<MissingRule, deepcomp::Error> {
    text.parse()
}

/// The formats that anything can be extracted to, by their names.
fn output_formats() -> impl TypedValueParser<Value = &'static Format> {
    let listed = FORMATS.iter().filter_map(|format| {
        let each = match format.export? {
            Export::Dataset(_) => "",
            Export::Variable { .. } => ", one file a variable",
            Export::Plane { .. } => ", one picture a plane",
        };
        Some(PossibleValue::new(format.name).help(format!("{}{each}", format.title)))
    });
    PossibleValuesParser::new(listed).try_map(|name| Format::named(&name).ok_or("no such format"))
}

fn main() -> ExitCode {
    temporary::watch_signals();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) if told.kind() == ErrorKind::DisplayVersion => {
            terminal::say(program::version());
            return ExitCode::SUCCESS;
        }
        Err(error) => error.exit(),
    };
    let result = match cli.command {
        Command::Compress(args) => match (&args.output, &args.stream) {
            (Some(output), Some(streamed)) => stream::run(&args, streamed, output),
            (Some(output), None) => compress::run(&args, output),
            (None, _) => estimate::run(&args),
        },
        Command::Extract(args) => archive_commands::extract(&args),
        Command::List(args) => archive_commands::list(&args),
        Command::Add(args) => recovery::changed(&args.archive, || compress::add(&args, false)),
        Command::Update(args) => recovery::changed(&args.archive, || compress::add(&args, true)),
        Command::Append(args) => recovery::changed(&args.archive, || edit_commands::append(&args)),
        Command::Delete(args) => recovery::changed(&args.archive, || edit_commands::delete(&args)),
        Command::Rename(args) => recovery::changed(&args.archive, || edit_commands::rename(&args)),
        Command::Comment(args) => recovery::changed(&args.archive, || edit_commands::comment(&args)),
        Command::Embed(args) => recovery::changed(&args.archive, || edit_commands::embed(&args)),
        Command::Merge(args) => edit_commands::merged(&args),
        Command::Compact(args) => recovery::changed(&args.archive, || edit_commands::compact(&args)),
        Command::Protect(args) => recovery::protect(&args),
        Command::Repair(args) => recovery::repair(&args),
        Command::Encrypt(args) => encryption::encrypt(&args),
        Command::Decrypt(args) => encryption::decrypt(&args),
        Command::Keygen(args) => signing::keygen(&args),
        Command::Sign(args) => signing::sign(&args),
        Command::Verify(args) => signing::verify(&args),
        Command::Split(args) => volumes::split(&args),
        Command::Join(args) => volumes::join(&args),
        Command::Salvage(args) => edit_commands::salvaged(&args),
        Command::Test(args) => test_command::run(&args),
        Command::Sfx(args) => sfx::run(&args),
        Command::Completions { shell } => program::completions(shell),
        Command::Man => program::manual(),
    };
    match result.and_then(|()| terminal::printed()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::warn(failure);
            ExitCode::FAILURE
        }
    }
}
