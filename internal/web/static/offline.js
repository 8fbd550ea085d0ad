// Has the browser keep what checks a seal, for when there is no network. It is
// asked for after the page is there, and not where data are dear.
(function () {
  'use strict';
  if (!navigator.serviceWorker || navigator.connection && navigator.connection.saveData) return;
  window.addEventListener('load', function () {
    navigator.serviceWorker.register('/worker.js', {scope: '/v', updateViaCache: 'none'}).catch(function () {}); // the page works without
  });
})();
