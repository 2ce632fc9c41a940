/** One file of a data folder. */
export interface DataFile {
  /** SHA-256 of its content, un-gzipped where the name ends in `.gz`. */
  sha256: string
  /** Where it comes from, at a fixed commit. */
  url: string
  /** Whether the file at `url` is not gzipped though this one is. */
  plain?: true
  /** Lines of the file at `url` that this one holds; default all. */
  lines?: number
}

const humanEvalPlus =
  'https://raw.githubusercontent.com/evalplus/humanevalplus_release/200defce9e3429d28ca215b6dd061c0f7f31c18b'
const mbppPlus =
  'https://raw.githubusercontent.com/evalplus/mbppplus_release/dadf43da556a00f7bacd71cb154f2932757d9144'
const humanEval =
  'https://raw.githubusercontent.com/openai/human-eval/6d43fb980f9fee3c892a914eda09951f772ad10d/data'
const deepSeekCoder =
  'https://raw.githubusercontent.com/deepseek-ai/DeepSeek-Coder/2f9fd85927c669dae3c0fbb2d607274023af243e/Evaluation'

const translated = (language: string, sha256: string): [string, DataFile] => [
  `multipl-e/humaneval-${language}.jsonl.gz`,
  { sha256, url: `${deepSeekCoder}/HumanEval/data/humaneval-${language}.jsonl`, plain: true },
]

/** Every file that a benchmark needs, by its name in a data folder. */
export const dataFiles: Readonly<Record<string, DataFile>> = {
  'HumanEvalPlus.jsonl.gz': {
    sha256: '42526ec0e7d5f3ee0b06d6ced98f8c8bae3d76519151bfb3d36f79010645bd7f',
    url: `${humanEvalPlus}/HumanEvalPlus.jsonl.gz`,
  },
  'HumanEvalPlus-Mini.jsonl.gz': {
    sha256: '78fbba8865b20c5a979cda6e02fd72538e1762e65980af7d1a6e93c3e87e93af',
    url: `${humanEvalPlus}/HumanEvalPlus-Mini.jsonl.gz`,
  },
  'MbppPlus.jsonl.gz': {
    sha256: 'b54e762755248ca411b523c917fa9f93c07b5ff2966bf60b3917b853926a3dad',
    url: `${mbppPlus}/MbppPlus.jsonl.gz`,
  },
  'HumanEval.jsonl.gz': {
    sha256: '1d49078ba3e2b196b9344535bef34a43021f038fad9561d6ee7c53450609a6a2',
    url: `${humanEval}/HumanEval.jsonl.gz`,
  },
  'gsm8k-test-400.jsonl.gz': {
    sha256: '6ab227913327c950d71420ea43db704251e4a6f4da2363a06832665e14df7697',
    url: `${deepSeekCoder}/PAL-Math/datasets/gsm8k/test.json`,
    plain: true,
    lines: 400,
  },
  'multipl-e/javatuples-1.2.jar': {
    sha256: '2eda5b19d9820e1cc2f69fcd01639a715a673c11f8507e3d1ed593cf765d5e0a',
    url: `${deepSeekCoder}/HumanEval/javatuples-1.2.jar`,
  },
  ...Object.fromEntries([
    translated('cpp', '8717eabdf202137158c84506144b0fb1e73d5ecccbe5363ec79009ca014df629'),
    translated('cs-bu', 'd281b53b24e0f44cb76f1b1a8702b1ca668ff2a29c7621276ee8b658f5c124c6'),
    translated('cs', '1c3fe18be10addc2d0b96311f4db192ae3232e08628d17768d889d6ab87be224'),
    translated('go', '7f5dfe3ff001049b1221e9d21a8119b5cbc38eb87c97fefc5d57fa7adc1df888'),
    translated('java', 'b21b015763452ec4f9f4e0e6425148ec331ace4da1232c8b4d441186185f6265'),
    translated('js', '634e2eee8d6e22de07c121b972207683dd96be76256bf44bdfc1a3386b739287'),
    translated('lua', 'd2e91f3603f6aee63db2c2d5754d165397603a8c9bd6130842af7988b27a96fc'),
    translated('php', 'bebd86875b1d8e65a8b7e692ed7bdf64612b44aa388825ea4dab40c7047c786b'),
    translated('pl', '949048bff3eaea7ae47cd5759042c088a7c227d53c74fe95a80728fd5aefbf77'),
    translated('r', 'c2a3268ea54d2bfb8ce65bb2c808437ac0d9934c6caf99fcf75d6b6a4fb3f911'),
    translated('rb', '4204395b835019e32d55513325a0fad01c6d382fd1eb97b516f0458d00058302'),
    translated('rs', 'e33f562838e973b7e6b8d76dbc1fb84b076d7426629b4cdc624f12678778d2fa'),
    translated('sh', '2f702106e9ce4aa7385de568d9248d6c57c90382d782b162cb9e072fbd01ccf8'),
    translated('ts', '4b1af1050c9f226335d54a8c80553c39454a525cace3e67bdcfcc9092ba02637'),
  ]),
}
