# libmig for Perl, by FFI::Platypus.
#
#     my $notes = Mig->new('sqlite:notes.db');
#     $notes->add_script('0001.sql', $text);
#     $notes->upgrade('head');
#
# An error of the library dies as a Mig::Error. What dies inside a callback stops the run, which is rolled
# back, and is the error's {cause}.
package Mig;
use strict;
use warnings;
use FFI::Platypus 2.00;
use FFI::Platypus::Buffer qw(buffer_to_scalar);

use constant { ECANCELLED => -74, UPGRADE => 0, STEP_BEGIN => 2, STATEMENT => 3, STEP_END => 4 };

my $ffi = FFI::Platypus->new(api => 2, lib => $ENV{MIG_LIBRARY} // 'libmig.so.0');
$ffi->type('(opaque, opaque)->sint32' => 'callback'); # mig_step_fn and mig_progress_fn

{
	package Mig::Progress;
	use FFI::Platypus::Record;
	record_layout_1(
		size_t => 'struct_size', sint32 => 'event', sint32 => 'direction', opaque => 'revision',
		opaque => 'message', uint64 => 'step', uint64 => 'steps', uint64 => 'statement',
		opaque => 'sql', size_t => 'sql_size', sint64 => 'elapsed_us');

	package Mig::RevisionDef;
	use FFI::Platypus::Record;
	record_layout_1(
		size_t => 'struct_size', opaque => 'id', opaque => 'message', opaque => 'revises',
		opaque => 'branch_labels', opaque => 'depends_on', opaque => 'upgrade', opaque => 'downgrade',
		opaque => 'user', opaque => 'version', sint32 => 'no_transaction', sint32 => 'derive');

	package Mig::LogEntry;
	use FFI::Platypus::Record;
	record_layout_1(size_t => 'struct_size', (map { (opaque => $_) } qw(revision direction state digest started_at actor library)),
		sint64 => 'statements', sint64 => 'duration_us');
}
$ffi->type('record(Mig::Progress)*' => 'progress');
$ffi->type('record(Mig::RevisionDef)*' => 'revision_def');
$ffi->type('record(Mig::LogEntry)*' => 'log_entry');

my @error_texts = qw(revision file statement sqlstate hint);
my %functions = (
	sint32 => {
		mig_open => ['opaque*', 'string'],
		mig_add_script => ['opaque', 'string', 'string', 'size_t'],
		mig_add_revision => ['opaque', 'revision_def'],
		mig_set_progress => ['opaque', 'callback', 'opaque'],
		(map { ("mig_$_" => ['opaque', 'string']) } qw(upgrade downgrade step_exec step_fail)),
		(map { ("mig_$_" => ['opaque', 'opaque*']) } qw(current history_read)),
		mig_close => ['opaque'],
		mig_error_line => ['opaque'],
		mig_error_column => ['opaque'],
		mig_step_direction => ['opaque'],
		mig_step_prepare => ['opaque', 'string', 'opaque*'],
		mig_stmt_bind_null => ['opaque', 'sint32'],
		mig_stmt_bind_text => ['opaque', 'sint32', 'string'],
		mig_stmt_step => ['opaque', 'sint32*'],
		mig_stmt_column_count => ['opaque'],
		mig_stmt_type => ['opaque', 'sint32'],
	},
	string => {
		mig_version => [],
		mig_status_name => ['sint32'],
		(map { ("mig_error_$_" => ['opaque']) } 'message', @error_texts),
		mig_revision_id => ['opaque'],
	},
	opaque => {
		mig_revision_list_at => ['opaque', 'size_t'],
		mig_stmt_blob => ['opaque', 'sint32', 'size_t*'],
	},
	log_entry => { mig_history_list_at => ['opaque', 'size_t'] },
	size_t => { mig_revision_list_count => ['opaque'], mig_history_list_count => ['opaque'] },
	void => { map { ("mig_$_" => ['opaque']) } qw(cancel revision_list_free history_list_free stmt_free) },
);
for my $result (keys %functions) {
	$ffi->attach($_ => $functions{$result}{$_} => $result) for keys %{ $functions{$result} };
}

# Text goes to the library as UTF-8, and comes back as characters.
sub utf8 { my ($text) = @_; utf8::encode($text) if defined $text; $text }
sub characters { my ($bytes) = @_; utf8::decode($bytes) if defined $bytes; $bytes }
sub text_at { characters($ffi->cast(opaque => 'string', $_[0])) }

sub version { mig_version() }

# ---- errors

package Mig::Error {
	use overload '""' => sub { $_[0]{message} }, fallback => 1;

	our @FIELDS = qw(revision file line column statement sqlstate hint);

	sub new {
		my ($class, $status, $ctx, $cause) = @_;
		my %self = (
			status => $status, cause => $cause, name => Mig::mig_status_name($status),
			message => Mig::characters(Mig::mig_error_message($ctx)),
			line => Mig::mig_error_line($ctx), column => Mig::mig_error_column($ctx),
		);
		for my $field (@error_texts) {
			no strict 'refs';
			$self{$field} = Mig::characters("Mig::mig_error_$field"->($ctx));
		}
		return bless \%self, $class;
	}

	sub cancelled { $_[0]{status} == Mig::ECANCELLED }
}

# ---- a revision while it runs: good inside its callback alone

package Mig::Step {
	# dies of the status as it is; the run that the step belongs to tells why
	sub check {
		my ($status) = @_;
		die bless \$status, 'Mig::StepFailed' if $status;
	}

	# Runs statements without parameters or rows.
	sub execute {
		my ($self, $sql) = @_;
		check(Mig::mig_step_exec($$self, Mig::utf8($sql)));
	}

	# The rows of one statement, as arrays of text. Parameters are written $1, $2, ...
	sub query {
		my ($self, $sql, @parameters) = @_;
		my ($stmt, $more, @rows);
		check(Mig::mig_step_prepare($$self, Mig::utf8($sql), \$stmt));
		my $done = eval {
			for my $i (1 .. @parameters) {
				# Perl's values are text and numbers at once; the engine converts
				check(Mig::mig_stmt_bind_text($stmt, $i, Mig::utf8($parameters[$i - 1])));
			}
			while (1) {
				check(Mig::mig_stmt_step($stmt, \$more));
				last unless $more;
				push @rows, [map { column($stmt, $_) } 0 .. Mig::mig_stmt_column_count($stmt) - 1];
			}
			1;
		};
		my $failure = $@;
		Mig::mig_stmt_free($stmt);
		die $failure unless $done;
		return @rows;
	}

	sub column {
		my ($stmt, $i) = @_;
		my $type = Mig::mig_stmt_type($stmt, $i);
		return undef if $type == 0;
		my $data = Mig::mig_stmt_blob($stmt, $i, \my $size);
		my $bytes = $size ? Mig::buffer_to_scalar($data, $size) : '';
		return $type == 4 ? $bytes : Mig::characters($bytes);
	}
}

# ---- contexts

package Mig;

sub new {
	my ($class, $url) = @_;
	my $self = bless { kept => [], died => \my $died }, $class;
	$self->check(mig_open(\$self->{ctx}, utf8($url)));
	return $self;
}

# From inside a callback this is an error, and the database stays open.
sub close {
	my ($self) = @_;
	$self->check(mig_close($self->{ctx})) if $self->{ctx};
	delete $self->{ctx};
}

sub DESTROY { $_[0]->close }

sub check {
	my ($self, $status) = @_;
	my $cause = ${ $self->{died} };
	${ $self->{died} } = undef;
	die Mig::Error->new($status, $self->{ctx}, $cause) if $status;
}

sub add_script {
	my ($self, $name, $script) = @_;
	my $bytes = utf8($script);
	$self->check(mig_add_script($self->{ctx}, utf8($name), $bytes, length $bytes));
}

# A function of C that calls a function of Perl, kept as long as the context.
sub callback {
	my ($self, $function) = @_;
	my $closure = $ffi->closure($function);
	push @{ $self->{kept} }, $closure;
	return $closure;
}

sub step_fn {
	my ($self, $function) = @_;
	return undef unless $function;
	my $died = $self->{died}; # not $self, which would hold itself
	return $ffi->cast('callback' => 'opaque', $self->callback(sub {
		my ($user, $pointer) = @_;
		return 0 if eval { $function->(bless \$pointer, 'Mig::Step'); 1 };
		return ${$@} if ref $@ eq 'Mig::StepFailed';
		$$died = $@; # nothing may die through C
		return mig_step_fail($pointer, utf8("$@" =~ s/ at \S+ line \d+\.\n\z//r));
	}));
}

# A revision written in Perl: id, upgrade, and if wanted downgrade, message, revises.
sub add_revision {
	my ($self, %r) = @_;
	my @text = map { utf8($_) } $r{id}, $r{message}, @{ $r{revises} // [] };
	my $pointer = sub { unpack 'J', pack 'p', $_[0] }; # of a string that lives on; 0: NULL
	my $parents = pack 'J*', (map { $pointer->($_) } @text[2 .. $#text]), 0;
	$self->check(mig_add_revision($self->{ctx}, Mig::RevisionDef->new(
		struct_size => $ffi->sizeof('record(Mig::RevisionDef)'),
		id => $pointer->($text[0]),
		message => $pointer->($text[1]) || undef,
		revises => $pointer->($parents),
		upgrade => $self->step_fn($r{upgrade}),
		downgrade => $self->step_fn($r{downgrade}),
	)));
}

# The function takes a hash; a true result stops the run.
sub set_progress {
	my ($self, $function) = @_;
	my $died = $self->{died};
	my $closure = $self->callback(sub {
		my ($user, $pointer) = @_;
		my $p = $ffi->cast(opaque => 'progress', $pointer);
		my $stop;
		eval {
			$stop = $function->({
				event => $p->event, step => $p->step, steps => $p->steps,
				revision => text_at($p->revision), message => text_at($p->message),
				sql => $p->sql && characters(buffer_to_scalar($p->sql, $p->sql_size)),
			});
			1;
		} or do { $$died = $@; $stop = 1 };
		return $stop ? 1 : 0;
	});
	$self->check(mig_set_progress($self->{ctx}, $closure, undef));
}

sub upgrade { $_[0]->check(mig_upgrade($_[0]{ctx}, utf8($_[1] // 'head'))) }
sub downgrade { $_[0]->check(mig_downgrade($_[0]{ctx}, utf8($_[1]))) }

# Stops the run in progress.
sub cancel { mig_cancel($_[0]{ctx}) }

# The ids of the revisions that the database is at.
sub current {
	my ($self) = @_;
	$self->check(mig_current($self->{ctx}, \my $list));
	my @ids = map { mig_revision_id(mig_revision_list_at($list, $_ - 1)) } 1 .. mig_revision_list_count($list);
	mig_revision_list_free($list);
	return @ids;
}

# The rows of the history table as hashes, oldest first.
sub log {
	my ($self) = @_;
	$self->check(mig_history_read($self->{ctx}, \my $list));
	my @entries = map {
		my $entry = mig_history_list_at($list, $_ - 1);
		+{ (map { ($_ => text_at($entry->$_)) } qw(revision direction state digest started_at actor library)),
			statements => $entry->statements, duration_us => $entry->duration_us };
	} 1 .. mig_history_list_count($list);
	mig_history_list_free($list);
	return @entries;
}

1;
