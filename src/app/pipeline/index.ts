export type { ConvertSummary } from './convert-data.ts'
export { findModel } from './find-model.ts'
export { type Recipe, type RecipeFile, readRecipe, recipeSchema } from './recipe.ts'
export { recipeStages } from './recipe-stages.ts'
export { type RunOptions, runOptionsSchema } from './run-options.ts'
export {
  forecastRun,
  type RunContext,
  type RunForecast,
  type RunSummary,
  runRecipe,
} from './run-recipe.ts'
export { type StageContext, type StageEntry, stageTable } from './stage-table.ts'
export type { KatasSummary } from './write-katas.ts'
