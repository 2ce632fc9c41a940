import type { Family } from '../family.ts'
import { dateFamilies } from './dates.ts'
import { dictionaryFamilies } from './dictionaries.ts'
import { listFamilies } from './lists.ts'
import { matrixFamilies } from './matrices.ts'
import { numberFamilies } from './numbers.ts'
import { parsingFamilies } from './parsing.ts'
import { recursionFamilies } from './recursion.ts'
import { stringFamilies } from './strings.ts'
import { wordFamilies } from './words.ts'

/** Every family of katas. */
export const families: readonly Family[] = [
  ...listFamilies,
  ...matrixFamilies,
  ...numberFamilies,
  ...stringFamilies,
  ...wordFamilies,
  ...dictionaryFamilies,
  ...recursionFamilies,
  ...dateFamilies,
  ...parsingFamilies,
]
