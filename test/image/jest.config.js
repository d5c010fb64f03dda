/** The image tests: need root and Debian, so they run by `npm run test:image` and not by `npm test`. */
import base from '../../jest.config.js';

export default {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/test/image'],
  testMatch: ['**/*.image.ts'],
  testTimeout: 280_000,
};
