"""What a forked child does in a session: runs cells as a notebook does, in one namespace."""

import ast
import os
import sys

from frames import receive, receive_text, send, write_all
from program import format_error, own_part, remember_source, set_recursion_limit


def run_cells(channel, module, mark):
    """Answers one message per cell until the server closes the channel."""
    module._ = None
    sys.stdout.reconfigure(line_buffering=True)
    sys.stderr = sys.__stderr__ = MarkedStream(sys.stdout, mark)
    number = 0
    set_recursion_limit()
    while True:
        request = receive(channel)
        if request is None:
            os._exit(0)
        number += 1
        source = receive_text(channel, request[1])
        answer = run_cell(source, '<cell %d>' % number, module.__dict__)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass
        send(channel, answer)


def run_cell(source, name, namespace):
    result = trace = None
    try:
        remember_source(name, source)
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if tree.body:
            exec(compile(tree, name, 'exec', dont_inherit=True), namespace)
        if last is not None:
            expression = ast.Expression(last.value)
            value = eval(compile(expression, name, 'eval', dont_inherit=True), namespace)
            if value is not None and not is_silenced(source):
                namespace['_'] = value
                result = str(repr(value))
    except SystemExit as request:
        if request.code not in (None, 0):
            trace = 'SystemExit: %s\n' % (request.code,)
    except BaseException as error:
        error.__traceback__ = own_part_of_cell(error.__traceback__)
        trace = format_error(error)
    return {'result': result, 'traceback': trace}


def is_silenced(source):
    """A notebook shows no value after a final semicolon."""
    return source.rstrip().endswith(';')


def own_part_of_cell(trace):
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return own_part(trace)


class MarkedStream:
    """sys.stderr of a session: the same pipe as stdout, so that the order is kept, with each piece
    announced by `mark`, its length in eight hexadecimal digits and a newline."""

    encoding = 'utf-8'
    errors = 'backslashreplace'
    newlines = None
    closed = False

    def __init__(self, stdout, mark):
        self._stdout = stdout
        self._mark = mark

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError('write() argument must be str, not ' + type(text).__name__)
        data = text.encode('utf-8', 'backslashreplace')
        if data:
            self._stdout.flush()
            write_all(1, self._mark + b'%08x\n' % len(data) + data)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def fileno(self):
        return 2

    def isatty(self):
        return False

    def readable(self):
        return False

    def writable(self):
        return True

    def seekable(self):
        return False
