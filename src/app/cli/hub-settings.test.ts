import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readHubSettings } from './hub-settings.ts'

it('reads the variables of huggingface_hub', async () => {
  const home = await mkdtemp(join(tmpdir(), 'rc-hf-home-'))
  onTestFinished(() => rm(home, { recursive: true }))
  expect(readHubSettings({ HF_HOME: home })).toEqual({
    endpoint: 'https://huggingface.co',
    cacheFolder: join(home, 'hub'),
    offline: false,
  })
  await writeFile(join(home, 'token'), 'hf_kept\n')
  expect(readHubSettings({ HF_HOME: home }).token).toBe('hf_kept')
  expect(readHubSettings({ HF_HOME: home, HF_TOKEN: 'hf_given' }).token).toBe('hf_given')
  const others = { HF_ENDPOINT: 'http://mirror/', HF_HUB_OFFLINE: 'ON', HF_HUB_CACHE: '/cache' }
  expect(readHubSettings({ HF_HOME: home, ...others })).toMatchObject({
    endpoint: 'http://mirror',
    cacheFolder: '/cache',
    offline: true,
  })
  expect(readHubSettings({ XDG_CACHE_HOME: '/x' }).cacheFolder).toBe('/x/huggingface/hub')
  expect(readHubSettings({ HF_HOME: '~/hf' }).cacheFolder).toBe(join(homedir(), 'hf/hub'))
})
