import { expect, it } from 'vitest'
import { adapterTargets } from '../../nn/models/index.ts'
import { trainOptionsSchema } from './options.ts'

it('lets an adapter change every projection that the engine knows, by default all', () => {
  const options = trainOptionsSchema.parse({ model: 'm', plan: 'p', out: 'o' })
  expect(options.loraTargets).toEqual(Object.keys(adapterTargets))
})
