import { expect, it, vi } from 'vitest';
import { OpenedFiles } from '../../../src/app/opened-files.ts';

const FILE = new File(['GGUF'], 'a.gguf');

it('wait for a page, and are handed over once', () => {
  const opened = new OpenedFiles();
  opened.put([FILE]);
  const listener = vi.fn();
  opened.listen(listener);
  expect(listener).toHaveBeenCalledOnce();
  expect(opened.take()).toEqual([FILE]);
  expect(opened.take()).toBeNull();
});

it('that come later are told of, until the page leaves', () => {
  const opened = new OpenedFiles();
  const listener = vi.fn();
  const leave = opened.listen(listener);
  expect(listener).not.toHaveBeenCalled();
  opened.put([FILE]);
  expect(listener).toHaveBeenCalledOnce();
  leave();
  opened.put([FILE]);
  expect(listener).toHaveBeenCalledOnce();
  expect([opened.take(), opened.take(), opened.take()]).toEqual([[FILE], [FILE], null]);
});

it('that are none are none', () => {
  const opened = new OpenedFiles();
  opened.put([]);
  expect(opened.take()).toBeNull();
});
