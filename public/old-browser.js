/*
 * Written for browsers that cannot run the app: plain ES5, no build step. It names what is missing instead of leaving
 * the first paint standing for ever. Where nothing is missing it does nothing.
 */
(function () {
  'use strict';

  function missingFeatures() {
    var missing = [];
    var needed = [
      ['modules in scripts', 'noModule' in document.createElement('script')],
      ['WebAssembly', typeof WebAssembly === 'object' && typeof WebAssembly.instantiate === 'function'],
      ['Web Workers', typeof Worker === 'function'],
      ['reading arrays from the end (Array.prototype.at)', typeof Array.prototype.at === 'function'],
      [
        'searching arrays from the end (Array.prototype.findLast)',
        typeof Array.prototype.findLast === 'function',
      ],
      ['copying structured data (structuredClone)', typeof structuredClone === 'function'],
      ['Object.hasOwn', typeof Object.hasOwn === 'function'],
      ['whole numbers of any size (BigInt)', typeof BigInt === 'function'],
      ['stopping requests (AbortController)', typeof AbortController === 'function'],
      ['a secure address (https, or localhost)', window.isSecureContext !== false],
    ];
    for (var i = 0; i < needed.length; i += 1) {
      if (!needed[i][1]) missing.push(needed[i][0]);
    }
    return missing;
  }

  function tell(missing) {
    var app = document.getElementById('app');
    if (!app) return;
    var page = document.createElement('div');
    page.id = 'unsupported';
    page.setAttribute('role', 'alert');
    var title = document.createElement('h1');
    title.appendChild(document.createTextNode('Witan cannot run in this browser'));
    page.appendChild(title);
    var text = document.createElement('p');
    text.appendChild(document.createTextNode('It lacks:'));
    page.appendChild(text);
    var list = document.createElement('ul');
    for (var i = 0; i < missing.length; i += 1) {
      var item = document.createElement('li');
      item.appendChild(document.createTextNode(missing[i]));
      list.appendChild(item);
    }
    page.appendChild(list);
    var next = document.createElement('p');
    next.appendChild(
      document.createTextNode('Use a current Chrome, Edge or Firefox. Nothing was stored or sent.'),
    );
    page.appendChild(next);
    while (app.firstChild) app.removeChild(app.firstChild);
    app.appendChild(page);
  }

  var missing = missingFeatures();
  if (missing.length === 0) return;
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', function () {
      tell(missing);
    });
  } else {
    tell(missing);
  }
})();
