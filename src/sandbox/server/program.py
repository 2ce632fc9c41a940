"""What a forked child does: runs one source text as `python main.py` would."""

import atexit
import io
import linecache
import os
import signal
import site
import sys
import threading
import traceback
import types

NAME = 'main.py'
_LIBRARY = os.path.join(sys.base_prefix, 'lib', 'python')
_streams = {}


def be_site(path, prefixes):
    """What `site` does when Python starts, but for the code in .pth files and sitecustomize."""
    sys.path[:] = path
    sys.prefix, sys.exec_prefix = prefixes
    site.setquit()
    site.setcopyright()
    site.sethelper()


def write_files(files):
    for name, content in files.items():
        folder = os.path.dirname(name)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(name, 'w', encoding='utf-8', errors='surrogatepass', newline='') as file:
            file.write(content)


def prepare_interpreter(name):
    """Makes the server's interpreter look like a fresh one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream, text in _streams.items():
        setattr(sys, stream, text)
        setattr(sys, '__%s__' % stream, text)
    sys.argv = [name]
    sys.orig_argv = ['python', name]
    sys.path.insert(0, os.getcwd())
    module = types.ModuleType('__main__')
    module.__builtins__ = sys.modules['builtins']
    sys.modules['__main__'] = module
    return module


def make_streams():
    """Text streams on descriptors 0 to 2, made once, in the server: what they remember of their
    descriptors is that 1 and 2 are pipes. Programs take them over.
    """
    readable, writable = os.pipe()
    own = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
    for descriptor in own:
        os.dup2(writable, descriptor)
    for name, descriptor, errors in (
        ('stdin', 0, 'strict'),
        ('stdout', 1, 'strict'),
        ('stderr', 2, 'backslashreplace'),
    ):
        binary = open(descriptor, 'rb' if descriptor == 0 else 'wb', closefd=False)
        binary.raw.name = '<%s>' % name
        text = io.TextIOWrapper(
            binary,
            encoding='utf-8',
            errors=errors,
            newline=None if descriptor == 0 else '\n',
            line_buffering=descriptor == 2,
        )
        text.mode = 'r' if descriptor == 0 else 'w'
        _streams[name] = text
    for descriptor, number in own.items():
        os.dup2(number, descriptor)
        os.close(number)
    os.close(readable)
    os.close(writable)


def set_recursion_limit():
    """The frames below the program's own do not count against it."""
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(1000 + depth - 1)


def run_program(source, module):
    """Executes `source` in `module` and returns the exit status that `python` would have."""
    set_recursion_limit()
    module.__file__ = NAME
    remember_source(NAME, source)
    status = 0
    try:
        exec(compile(source, NAME, 'exec', dont_inherit=True), module.__dict__)
    except SystemExit as request:
        status = exit_status(request)
    except BaseException as error:
        show_uncaught(error)
        status = 1
    return finish(module, status)


def remember_source(name, source):
    """Lets tracebacks quote the text whatever the program does to its files."""
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)


def exit_status(request):
    code = request.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    try:
        sys.stdout.flush()
    except BaseException:
        pass
    try:
        print(code, file=sys.stderr)
    except BaseException:
        pass
    return 1


def show_uncaught(error):
    """As the interpreter does it: through sys.excepthook if the program has set one."""
    error.__traceback__ = own_part(error.__traceback__)
    try:
        sys.stdout.flush()
    except BaseException:
        pass
    try:
        if sys.excepthook is not sys.__excepthook__:
            sys.excepthook(type(error), error, error.__traceback__)
        else:
            sys.stderr.write(format_error(error))
            sys.stderr.flush()
    except BaseException:
        pass


def own_part(trace):
    """The traceback from the program's first frame on."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def format_error(error):
    """The traceback text, without the place where this machine keeps its Python."""
    try:
        text = ''.join(traceback.format_exception(type(error), error, error.__traceback__))
    except BaseException as other:
        text = '%s: <the traceback cannot be shown: %s>\n' % (
            type(error).__name__,
            type(other).__name__,
        )
    return text.replace(_LIBRARY, '/usr/lib/python')


def finish(module, status):
    """What the interpreter does at its end, in its order, without tearing everything down."""
    try:
        threading._shutdown()
    except BaseException:
        pass
    try:
        atexit._run_exitfuncs()
    except BaseException:
        pass
    names = list(module.__dict__)
    for name in [n for n in names if n.startswith('_')] + [n for n in names if not n.startswith('_')]:
        if name not in ('__builtins__', '__name__'):
            try:
                module.__dict__[name] = None
            except BaseException:
                pass
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            if stream is sys.stdout:
                status = 120  # as Py_FinalizeEx
    return status
