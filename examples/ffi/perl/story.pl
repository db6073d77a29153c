# What a program does with libmig: perl story.pl URL
use strict;
use warnings;
use utf8;
use open ':std', ':encoding(UTF-8)';
use FindBin;
use lib $FindBin::Bin;
use Mig;

my $create_notes = <<'SQL';
-- create notes
--
-- revision: 0001

-- mig:upgrade
CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(80) NOT NULL, words INTEGER);
INSERT INTO notes (id, body) VALUES (1, 'buy milk'), (2, 'grüße an Zoë');

-- mig:downgrade
DROP TABLE notes;
SQL
my $add_tag = <<'SQL';
-- add tag
--
-- revision: 0003
-- revises: 0002

-- mig:upgrade
ALTER TABLE notes ADD COLUMN tag VARCHAR(20);

-- mig:downgrade
ALTER TABLE notes DROP COLUMN tag;
SQL
my $broken = <<'SQL';
-- index the due dates
--
-- revision: 0004
-- revises: 0003

-- mig:upgrade
CREATE TABLE dates (id INTEGER PRIMARY KEY);
INSERT INTO dates
SELECT boddy FROM notes;
SQL

sub count_words {
	my ($step) = @_;
	for my $row ($step->query('SELECT id, body FROM notes ORDER BY id')) {
		my ($id, $body) = @$row;
		my $words = () = $body =~ /\S+/g;
		$step->query('UPDATE notes SET words = $1 WHERE id = $2', $words, $id);
		print "      note $id, '$body', has $words words\n";
	}
}

sub forget_words {
	my ($step) = @_;
	$step->execute('UPDATE notes SET words = NULL');
}

sub give_up {
	my ($step) = @_;
	$step->execute('DELETE FROM notes');
	die "notes are precious";
}

sub show {
	my ($p) = @_;
	if ($p->{event} == Mig::STEP_BEGIN) {
		print "  $p->{step}/$p->{steps} $p->{revision} $p->{message}\n";
	} elsif ($p->{event} == Mig::STATEMENT) {
		print '      ', join(' ', (split ' ', $p->{sql})[0, 1]), "\n";
	}
	return 0;
}

sub open_notes {
	my ($url) = @_;
	my $notes = Mig->new($url);
	$notes->add_script('0001_create_notes.sql', $create_notes);
	$notes->add_revision(id => '0002', message => 'count words', revises => ['0001'],
		upgrade => \&count_words, downgrade => \&forget_words);
	$notes->add_script('0003_add_tag.sql', $add_tag);
	$notes->set_progress(\&show);
	return $notes;
}

sub tell_current {
	my ($notes) = @_;
	print 'current: ', join(' ', $notes->current) || 'base', "\n";
}

sub tell_error {
	my ($error) = @_;
	print "  $error->{name}\n";
	print "  $_: ", ($error->{$_} || '-') =~ s/\n/ /gr, "\n" for @Mig::Error::FIELDS;
}

# The Mig::Error that the function dies of.
sub error_of {
	my ($function) = @_;
	die "no error\n" if eval { $function->(); 1 };
	die $@ unless ref $@ eq 'Mig::Error';
	return $@;
}

my ($url) = @ARGV;

my $notes = open_notes($url);
print "upgrade\n";
$notes->upgrade('head');
tell_current($notes);

print "a script that fails\n";
$notes = open_notes($url);
$notes->add_script('0004_index_dates.sql', $broken);
tell_error(error_of(sub { $notes->upgrade('head') }));
tell_current($notes);

print "a function that fails\n";
$notes = open_notes($url);
$notes->add_revision(id => '0004', revises => ['0003'], upgrade => \&give_up);
my $error = error_of(sub { $notes->upgrade('head') });
die 'no cause' unless $error->{cause} =~ /^notes are precious at /;
print "  $error->{name} $error\n";
tell_current($notes);

$notes = open_notes($url);
print "downgrade, cancelled\n";
$notes->set_progress(sub { $notes->cancel if ($_[0]{revision} // '') eq '0001'; 0 });
print '  ', error_of(sub { $notes->downgrade('base') })->{name}, "\n";
tell_current($notes);

print "downgrade\n";
$notes->set_progress(\&show);
$notes->downgrade('base');
tell_current($notes);

print "log\n";
for my $entry ($notes->log) {
	print "  $entry->{direction} $entry->{revision} $entry->{state}, $entry->{statements} statements\n";
}
$notes->close;
