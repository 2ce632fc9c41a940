"""Writes problems of HumanEval+ and MBPP+ with few inputs, and variants of their references that
return nearly the same (another type, order, a small error), for a comparison of verdicts:

    python bench/eval_variants.py DATA OUT
    npx tsx bench/eval.bench.ts --data OUT --samples OUT --models variants --only all --modes warm
      --evalplus PYTHON --out FILE.md
"""

import gzip
import json
import os
import sys

data, out = sys.argv[1:]
os.makedirs(f'{out}/variants', exist_ok=True)

WRAPPER = '''
def _variant(_f):
    def {e}(*a):
        r = _f(*a)
        return {x}
    return {e}
{e} = _variant({e})
'''
RESULTS = [
    "r",
    "tuple(r) if type(r) is list else list(r) if type(r) is tuple else r",
    "float(r) if type(r) is int else r",
    "r*(1+5e-8) if type(r) is float else [v*(1+5e-8) if type(v) is float else v for v in r] if type(r) is list else r",
    "r+2e-5 if type(r) is float else r",
    "r[::-1] if type(r) in (list,tuple,str) else r",
    "r+1 if type(r) is int else r",
    "bool(r)",
    "None",
    "set(r) if type(r) in (list,tuple) else r",
    "(r, [v.clear() for v in a if type(v) in (list,dict,set)])[0]",
    "r or None",
    "sorted(r) if type(r) is list else r",
    "__import__('numpy').array(r)",
]
SPECIAL = '''similar_elements find_char_long common_in_nested_lists extract_singly larg_nnum find_dissimilar Diff
  check_str text_match_three text_starta_endb surface_Area digit_distance_nums'''.split()
SLOW = {'Mbpp/255', 'Mbpp/599', 'Mbpp/630', 'HumanEval/15', 'HumanEval/130', 'HumanEval/139'}

for name, stem in (('humaneval', 'HumanEvalPlus'), ('mbpp', 'MbppPlus')):
    problems, samples = [], []
    for i, line in enumerate(gzip.open(f'{data}/{stem}.jsonl.gz', 'rt')):
        task = json.loads(line)
        every = 3 if name == 'humaneval' else 5
        wanted = i % every == 0 or task['atol'] or name == 'mbpp' and task['entry_point'] in SPECIAL
        if not wanted or task['task_id'] in SLOW:
            continue
        if isinstance(task['plus_input'], list):
            task['plus_input'] = [each for each in task['plus_input'] if len(str(each)) < 2000][:12]
        problems.append(task)
        for result in RESULTS:
            variant = WRAPPER.format(e=task['entry_point'], x=result)
            solution = task['prompt'] + task['canonical_solution'] + variant
            samples.append({'task_id': task['task_id'], 'solution': solution})
    with gzip.open(f'{out}/{stem}.jsonl.gz', 'wt') as file:
        file.writelines(json.dumps(each) + '\n' for each in problems)
    with open(f'{out}/variants/{name}.jsonl', 'w') as file:
        file.writelines(json.dumps(each) + '\n' for each in samples)
    print(name, len(problems), 'tasks', len(samples), 'samples')
