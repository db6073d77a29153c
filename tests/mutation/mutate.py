#!/usr/bin/env python3
"""Changes lib/ at random, one place at a time, and prints which changes the tests notice. See README.md."""
import argparse
import collections
import glob
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))

# Tests of a folder by name, the quick ones first: the first that fails ends a change's run. A prefix will do.
API = ['api ', 'schema model', 'schema op', 'cli cases', 'cli autogenerate', 'dialect conformance sqlite']
COMMAND = ['cli graphdraw', 'cli cases', 'cli host', 'cli autogenerate', 'cli json', 'cli offline', 'cli killed']
TESTS = {
    'lib/base': ['unit', 'graph vectors'] + API + ['cli offline shell', 'cli killed'],
    'lib/graph': ['unit', 'graph vectors', 'api ', 'cli cases'],
    'lib/schema': ['unit'] + API + ['schema detect', 'schema losses'],
    'lib/script': ['unit'] + API + ['cli killed'],
    'lib/migrate': API + ['cli offline', 'schema detect', 'schema losses'],
    'lib/api': API + ['unit', 'cli offline', 'schema detect'],
    'lib/cli': COMMAND + ['cli alembic'],
    'lib/dialect': ['dialect ', 'split', 'cli offline', 'schema detect'] + API,
    'lib/dialect/sqlite': ['dialect sqlite', 'dialect conformance sqlite', 'sqlite schema', 'schema detect',
                           'schema losses', 'schema op', 'schema model', 'cli offline', 'api '],
    'lib/dialect/postgresql': ['split', 'schema model', 'schema op', 'schema detect', 'cli offline'],
}
# with MIG_TEST_POSTGRESQL
POSTGRESQL = {
    'lib/dialect/postgresql': ['postgresql ', 'dialect conformance postgresql'],
    'lib/migrate': ['postgresql nontransactional', 'postgresql scripts'],
}
# What fails for want of memory has tests of its own (tests/oom), which take too long here.
NO_MEMORY = re.compile(r'nomem|no_memory|ENOMEM|\bfailed\b|alloc|strdup|strndup|__grow')

Change = collections.namedtuple('Change', 'file line kind before after')


def code_of(text):
    """The text with comments, strings and characters blanked, of the same length."""
    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


OPERATORS = {'==': '!=', '!=': '==', '<=': '<', '>=': '>', '<': '<=', '>': '>=', '&&': '||', '||': '&&'}


def changes_of_line(line, code):
    """(kind, changed line) for each change that can be made in a line."""
    for m in re.finditer(r'(?<=\s)(==|!=|<=|>=|<|>)(?=\s)', code):
        yield 'comparison', line[:m.start()] + OPERATORS[m.group()] + line[m.end():]
    for m in re.finditer(r'&&|\|\|', code):
        yield 'logic', line[:m.start()] + OPERATORS[m.group()] + line[m.end():]
    if re.match(r'\s+[a-z_][\w.>-]*\(.*\);$', code) and code.count('(') == code.count(')'):
        yield 'call', re.match(r'\s*', line).group() + ';'
    for word, other in (('continue', 'break'), ('break', 'continue')):
        if code.strip() == word + ';':
            yield word, line.replace(word, other)
    if re.search(r'\breturn rc;', code):
        yield 'return', line.replace('return rc;', 'return MIG_OK;')
    m = re.match(r'(\s*(?:\} else )?if \()(.*)(\)(?: \{)?)$', code)
    if m and m.group(2).count('(') == m.group(2).count(')'):
        end = m.end(2)
        yield 'condition', line[:m.end(1)] + '!(' + line[m.end(1):end] + ')' + line[end:]
    for m in re.finditer(r'(?<![\w.])\d+(?![\w.])', code):
        for step in (1, -1):
            if int(m.group()) + step >= 0:
                yield 'constant', line[:m.start()] + str(int(m.group()) + step) + line[m.end():]
    for m in re.finditer(r'\b[a-z_]\w+\(([\w.>-]+), ([\w.>-]+)([,)])', code):
        if m.group(1) != m.group(2):
            yield 'arguments', (line[:m.start(1)] + line[m.start(2):m.end(2)] + ', ' +
                                line[m.start(1):m.end(1)] + line[m.end(2):])


def changes_of_file(root, file):
    text = open(os.path.join(root, file), encoding='utf-8').read()
    lines, inside = text.split('\n'), False
    for number, code in enumerate(code_of(text).split('\n')):
        line = lines[number]
        if line.startswith('{'):
            inside = True
        elif line.startswith('}'):
            inside = False
        around = '\n'.join(lines[max(number - 1, 0):number + 3])
        if not inside or line.lstrip().startswith(('#', 'case ', 'static const')) or NO_MEMORY.search(around):
            continue
        for kind, changed in changes_of_line(line, code):
            if changed != line:
                yield Change(file, number + 1, kind, line, changed)


def choose(args, rng):
    files = []
    for only in args.only or ['lib']:
        path = os.path.join(ROOT, only)
        files += [path] if os.path.isfile(path) else glob.glob(path + '/**/*.c', recursive=True)
    kinds = collections.defaultdict(list)
    for file in sorted(set(files)):
        for change in changes_of_file(ROOT, os.path.relpath(file, ROOT)):
            kinds[change.kind].append(change)
    for changes in kinds.values():
        rng.shuffle(changes)
    # every kind gets its share, or there would be little but comparisons
    while any(kinds.values()):
        for kind in sorted(kinds):
            if kinds[kind]:
                yield kinds[kind].pop()


class Copy:
    """A copy of the tree with a build of its own."""

    def __init__(self, folder):
        self.tree, self.build = folder, os.path.join(folder, 'build-mutation')
        os.makedirs(folder)
        files = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=ROOT,
                               stdout=subprocess.PIPE, check=True).stdout.split(b'\0')
        there = [f for f in files if f and os.path.lexists(os.path.join(os.fsencode(ROOT), f))]
        tar = subprocess.Popen(['tar', 'c', '--null', '-T', '-'], cwd=ROOT, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
        untar = subprocess.Popen(['tar', 'x'], cwd=folder, stdin=tar.stdout)
        tar.stdin.write(b'\0'.join(there))
        tar.stdin.close()
        untar.wait()
        # a change may look odd, but what no compiler takes would be too easy to notice
        self.call(['meson', 'setup', self.build, '-Dwarning_level=0', '-Dc_args=-Werror=incompatible-pointer-types '
                   '-Werror=int-conversion -Werror=discarded-qualifiers'], check=True)
        self.call(['ninja', '-C', self.build], check=True)
        listed = self.call(['meson', 'test', '-C', self.build, '--list'], check=True).stdout.decode().splitlines()
        self.names = [line.split(' / ', 1)[1] for line in listed if ' / ' in line]

    def tests_of(self, file):
        folder = os.path.dirname(file)
        while folder not in TESTS:
            folder = os.path.dirname(folder)
        wanted = TESTS[folder] + (POSTGRESQL.get(folder, []) if os.environ.get('MIG_TEST_POSTGRESQL') else [])
        return dict.fromkeys(name for prefix in wanted for name in self.names if name.startswith(prefix))

    def call(self, command, check=False, timeout=None):
        process = subprocess.Popen(command, cwd=self.tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=lambda: os.nice(5))
        try:
            out = process.communicate(timeout=timeout)[0]
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, status = process.communicate()[0], -1
        if check and status:
            sys.exit('%s: %s' % (' '.join(command), out.decode(errors='replace')))
        return subprocess.CompletedProcess(command, status, out)

    def object_code(self, file):
        name = os.path.relpath(file, 'lib').replace('/', '_') + '.o'
        digest = hashlib.sha256()
        for path in sorted(glob.glob(os.path.join(self.build, 'lib', '*.p', name))):
            # without line numbers
            digest.update(self.call(['objdump', '-drs', '-j', '.text', '-j', '.rodata', '-j', '.data', '-j',
                                     '.rodata.str1.1', '-j', '.rodata.str1.8', '-j', '.data.rel.ro', '-j',
                                     '.data.rel.ro.local', path]).stdout)
        return digest.hexdigest()

    def try_change(self, change):
        """Returns "broken", "equal", "noticed" or "survived", and the test that noticed it."""
        path = os.path.join(self.tree, change.file)
        before = open(path, encoding='utf-8').read()
        lines = before.split('\n')
        assert lines[change.line - 1] == change.before
        lines[change.line - 1] = change.after
        code = self.object_code(change.file)
        try:
            with open(path, 'w', encoding='utf-8') as f:
                f.write('\n'.join(lines))
            if self.call(['ninja', '-C', self.build], timeout=900).returncode:
                return 'broken', ''
            if self.object_code(change.file) == code:
                return 'equal', ''
            for test in self.tests_of(change.file):
                # one that needs much longer than ever is noticed, too
                if self.call(['meson', 'test', '-C', self.build, '--no-rebuild', test], timeout=400).returncode:
                    return 'noticed', test
            return 'survived', ''
        finally:
            with open(path, 'w', encoding='utf-8') as f:
                f.write(before)


class Campaign:
    def __init__(self, args, changes):
        self.args, self.changes, self.lock = args, changes, threading.Lock()
        self.counts, self.survivors, self.begin = collections.Counter(), [], time.monotonic()
        self.modules = collections.defaultdict(collections.Counter)

    def next(self):
        with self.lock:
            late = self.args.minutes and time.monotonic() - self.begin > self.args.minutes * 60
            done = self.counts['noticed'] + self.counts['survived']
            return None if late or done >= self.args.count else next(self.changes, None)

    def work(self, copy):
        while True:
            change = self.next()
            if not change:
                return
            result, test = copy.try_change(change)
            with self.lock:
                self.counts[result] += 1
                self.modules[os.path.dirname(change.file)][result] += 1
                if result == 'survived':
                    self.survivors.append(change)
                print('%-8s %s:%d %s%s' % (result, change.file, change.line, change.kind, test and ' [%s]' % test),
                      flush=True)
                if result == 'survived':
                    print('    -%s\n    +%s' % (change.before, change.after), flush=True)

    def report(self):
        tried = self.counts['noticed'] + self.counts['survived']
        print('\n%d changes: %d noticed, %d survived; %d make no difference, %d do not compile' % (
            sum(self.counts.values()), self.counts['noticed'], self.counts['survived'], self.counts['equal'],
            self.counts['broken']))
        for module in sorted(self.modules):
            c = self.modules[module]
            if c['noticed'] + c['survived']:
                print('%-28s %d of %d' % (module, c['noticed'], c['noticed'] + c['survived']))
        if tried:
            print('noticed: %.0f %%' % (100 * self.counts['noticed'] / tried))
        for change in sorted(self.survivors):
            print('\n%s:%d (%s)\n-%s\n+%s' % (change.file, change.line, change.kind, change.before, change.after))


def main():
    parser = argparse.ArgumentParser(prog='run.sh', description=__doc__.split('\n')[0])
    parser.add_argument('--count', type=int, default=60, help='changes that are tested (60)')
    parser.add_argument('--seed', type=int, default=None, help='the same seed makes the same changes')
    parser.add_argument('--only', action='append', metavar='PATH', help='a folder or file of lib/; repeatable')
    parser.add_argument('--jobs', type=int, default=2, help='copies of the tree that are built and tested (2)')
    parser.add_argument('--minutes', type=float, default=0, help='begin no change after that (0: no limit)')
    parser.add_argument('--list', action='store_true', help='print the changes, and make none')
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 31)
    print('seed %d' % seed, flush=True)
    changes = choose(args, random.Random(seed))
    if args.list:
        for change in changes:
            print('%s:%d %s\n    -%s\n    +%s' % change)
        return
    folder = tempfile.mkdtemp(prefix='mig-mutation-')
    campaign = Campaign(args, changes)
    try:
        copies = [Copy(os.path.join(folder, str(i))) for i in range(args.jobs)]
        campaign.begin = time.monotonic()
        threads = [threading.Thread(target=campaign.work, args=[copy]) for copy in copies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        campaign.report()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()
