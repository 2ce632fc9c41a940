import type { Recipe } from './recipe.ts'
import type { ResolvedStep } from './resolve-recipe.ts'

/** The recipe with every default filled in, as YAML that `run` takes again. */
export async function renderResolvedRecipe(
  recipe: Recipe,
  steps: readonly ResolvedStep[],
): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify({
    title: recipe.title,
    description: recipe.description,
    steps: steps.map(({ id, title, stage, symbolic }) => ({
      id,
      ...(title === id ? {} : { title }),
      uses: stage.name,
      with: symbolic,
    })),
  })
}
