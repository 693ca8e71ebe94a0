<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr" sourcelanguage="en">
  <context>
    <name>roofgeo</name>
    <message>
      <source>roofgeo is not installed yet. Open Settings &gt; Options &gt; roofgeo and press Install.</source>
      <translation>roofgeo n'est pas encore installé. Ouvrez Préférences &gt; Options &gt; roofgeo et cliquez sur Installer.</translation>
    </message>
    <message>
      <source>Find roofs</source>
      <translation>Détecter les toits</translation>
    </message>
    <message>
      <source>Roof segments, roof lines and buildings from an orthophoto</source>
      <translation>Pans de toit, lignes de toit et bâtiments à partir d'une orthophoto</translation>
    </message>
    <message>
      <source>Finds the roofs on an orthophoto of 0.05 to 0.3 m per pixel: each roof segment with its azimuth and area, each ridge, hip, valley, eave and rake with its length, each building.

Without an area the whole layer is taken. Of a web layer (XYZ, WMS) the area is saved as a picture first: its provider's terms apply.

Buildings that touch the area come whole, unless they are to be cut. All is written into one GeoPackage, with its styles.</source>
      <translation>Détecte les toits sur une orthophoto de 0,05 à 0,3 m par pixel : chaque pan de toit avec son azimut et sa surface, chaque faîtage, arêtier, noue, égout et rive avec sa longueur, chaque bâtiment.

Sans emprise, toute la couche est prise. Pour une couche web (XYZ, WMS), l'emprise est d'abord enregistrée comme image : les conditions de son fournisseur s'appliquent.

Les bâtiments qui touchent l'emprise sont donnés en entier, sauf s'ils doivent être découpés. Tout est écrit dans un seul GeoPackage, avec ses styles.</translation>
    </message>
    <message>
      <source>roof</source>
      <translation>toit</translation>
    </message>
    <message>
      <source>solar</source>
      <translation>solaire</translation>
    </message>
    <message>
      <source>building</source>
      <translation>bâtiment</translation>
    </message>
    <message>
      <source>azimuth</source>
      <translation>azimut</translation>
    </message>
    <message>
      <source>ridge</source>
      <translation>faîtage</translation>
    </message>
    <message>
      <source>orthophoto</source>
      <translation>orthophoto</translation>
    </message>
    <message>
      <source>Number of roof segments</source>
      <translation>Nombre de pans de toit</translation>
    </message>
    <message>
      <source>Number of roof lines</source>
      <translation>Nombre de lignes de toit</translation>
    </message>
    <message>
      <source>Number of buildings</source>
      <translation>Nombre de bâtiments</translation>
    </message>
    <message>
      <source>Give either a raster layer or a folder of tiles.</source>
      <translation>Indiquez soit une couche raster, soit un dossier de dalles.</translation>
    </message>
    <message>
      <source>Give either area polygons or a rectangle, not both.</source>
      <translation>Indiquez soit des polygones d'emprise, soit un rectangle, pas les deux.</translation>
    </message>
    <message>
      <source>The run was not prepared.</source>
      <translation>Le traitement n'a pas été préparé.</translation>
    </message>
    <message>
      <source>Writing the layers</source>
      <translation>Écriture des couches</translation>
    </message>
    <message>
      <source>Finding roofs</source>
      <translation>Détection des toits</translation>
    </message>
    <message>
      <source>{segments} roof segments, {lines} roof lines, {buildings} buildings</source>
      <translation>{segments} pans de toit, {lines} lignes de toit, {buildings} bâtiments</translation>
    </message>
    <message>
      <source>Roofs of {name}</source>
      <translation>Toits – {name}</translation>
    </message>
    <message>
      <source>{old} is in use: the roofs are in {new}.</source>
      <translation>{old} est en cours d'utilisation : les toits sont dans {new}.</translation>
    </message>
    <message>
      <source>{folder} cannot be written: {reason}. Choose another place for the output.</source>
      <translation>Impossible d'écrire dans {folder} : {reason}. Choisissez un autre emplacement pour la sortie.</translation>
    </message>
    <message>
      <source>{layer} holds edits that are not saved. Save or drop them, or choose another output.</source>
      <translation>{layer} contient des modifications non enregistrées. Enregistrez-les ou abandonnez-les, ou choisissez une autre sortie.</translation>
    </message>
    <message>
      <source>The area has no coordinate reference system. Set the CRS of its layer, or of the project.</source>
      <translation>L'emprise n'a pas de système de coordonnées de référence. Définissez le SCR de sa couche, ou du projet.</translation>
    </message>
    <message>
      <source>The rectangle is empty. Draw it on the map, or take the current view.</source>
      <translation>Le rectangle est vide. Dessinez-le sur le canevas, ou prenez la vue courante.</translation>
    </message>
    <message>
      <source>The area layer {name} has no polygons. Is a feature selected?</source>
      <translation>La couche d'emprise {name} n'a pas de polygones. Une entité est-elle sélectionnée ?</translation>
    </message>
    <message>
      <source>The area cannot be written: {message}</source>
      <translation>Impossible d'écrire l'emprise : {message}</translation>
    </message>
    <message>
      <source>Current view of the map</source>
      <translation>Vue courante du canevas de la carte</translation>
    </message>
    <message>
      <source>Rectangle on the map</source>
      <translation>Rectangle sur le canevas de la carte</translation>
    </message>
    <message>
      <source>Polygons of a layer</source>
      <translation>Polygones d'une couche</translation>
    </message>
    <message>
      <source>Whole picture</source>
      <translation>Image entière</translation>
    </message>
    <message>
      <source>There is no polygon layer in the project. Choose another area.</source>
      <translation>Il n'y a pas de couche de polygones dans le projet. Choisissez une autre emprise.</translation>
    </message>
    <message>
      <source>Draw a rectangle on the map first.</source>
      <translation>Dessinez d'abord un rectangle sur le canevas.</translation>
    </message>
    <message>
      <source>only the selected ({number})</source>
      <translation>sélection uniquement ({number})</translation>
    </message>
    <message>
      <source>No feature of {layer} is selected.</source>
      <translation>Aucune entité de {layer} n'est sélectionnée.</translation>
    </message>
    <message>
      <source>Something unexpected went wrong.</source>
      <translation>Une erreur inattendue s'est produite.</translation>
    </message>
    <message>
      <source>QGIS's Python messages tell more.</source>
      <translation>Les messages Python de QGIS en disent plus.</translation>
    </message>
    <message>
      <source>This roofgeo is too old: open Settings &gt; Options &gt; roofgeo and press Install or Upgrade, or choose another command there.</source>
      <translation>Ce roofgeo est trop ancien : ouvrez Préférences &gt; Options &gt; roofgeo et cliquez sur Installer ou Mettre à jour, ou choisissez-y une autre commande.</translation>
    </message>
    <message>
      <source>The log has all it said.</source>
      <translation>Tous ses messages sont dans le journal.</translation>
    </message>
    <message>
      <source>roofgeo ended without a result</source>
      <translation>roofgeo s'est terminé sans résultat</translation>
    </message>
    <message>
      <source>The log tells what it said instead. Is this the roofgeo command?</source>
      <translation>Le journal contient ce qu'il a répondu à la place. Est-ce bien la commande roofgeo ?</translation>
    </message>
    <message>
      <source>a few seconds left</source>
      <translation>encore quelques secondes</translation>
    </message>
    <message>
      <source>about {hours} h {minutes} min left</source>
      <translation>encore environ {hours} h {minutes} min</translation>
    </message>
    <message>
      <source>about {hours} h left</source>
      <translation>encore environ {hours} h</translation>
    </message>
    <message>
      <source>Most often the memory was used up: close other programs, or take a smaller area.</source>
      <translation>Le plus souvent, la mémoire était épuisée : fermez d'autres programmes, ou prenez une emprise plus petite.</translation>
    </message>
    <message>
      <source>roofgeo failed without saying why</source>
      <translation>roofgeo a échoué sans dire pourquoi</translation>
    </message>
    <message>
      <source>roofgeo failed with exit code {code}</source>
      <translation>roofgeo a échoué avec le code de sortie {code}</translation>
    </message>
    <message>
      <source>roofgeo was ended by {signal}</source>
      <translation>roofgeo a été interrompu par {signal}</translation>
    </message>
    <message>
      <source>about {seconds} s left</source>
      <translation>encore environ {seconds} s</translation>
    </message>
    <message>
      <source>about {minutes} min left</source>
      <translation>encore environ {minutes} min</translation>
    </message>
    <message>
      <source>Layer {name} is being edited: QGIS filters it again when its edits are saved or dropped.</source>
      <translation>La couche {name} est en cours d'édition : QGIS la filtrera de nouveau une fois ses modifications enregistrées ou abandonnées.</translation>
    </message>
    <message>
      <source>The filter of layer {name} is a whole query, to which nothing can be added.</source>
      <translation>Le filtre de la couche {name} est une requête complète, à laquelle rien ne peut être ajouté.</translation>
    </message>
    <message>
      <source>Layer {name} does not take the change.</source>
      <translation>La couche {name} n'accepte pas la modification.</translation>
    </message>
    <message>
      <source>Layer {name} cannot be written: save a copy of it where you may write, and review that.</source>
      <translation>Impossible d'écrire dans la couche {name} : enregistrez-en une copie là où vous pouvez écrire, et contrôlez cette copie.</translation>
    </message>
    <message>
      <source>The decision could not be written, nothing has changed: {reason}</source>
      <translation>La décision n'a pas pu être écrite, rien n'a changé : {reason}</translation>
    </message>
    <message>
      <source>unknown reason</source>
      <translation>raison inconnue</translation>
    </message>
    <message>
      <source>Close what has the file open, or choose another output.</source>
      <translation>Fermez le programme qui utilise le fichier, ou choisissez une autre sortie.</translation>
    </message>
    <message>
      <source>{path} cannot be written: {reason}</source>
      <translation>Impossible d'écrire {path} : {reason}</translation>
    </message>
    <message>
      <source>Asking roofgeo for its models</source>
      <translation>Interrogation de roofgeo sur ses modèles</translation>
    </message>
    <message>
      <source>Looking at the picture and the area</source>
      <translation>Examen de l'image et de l'emprise</translation>
    </message>
    <message>
      <source>Save the roofs as</source>
      <translation>Enregistrer les toits sous</translation>
    </message>
    <message>
      <source>a temporary file</source>
      <translation>un fichier temporaire</translation>
    </message>
    <message>
      <source>Orthophoto</source>
      <translation>Orthophoto</translation>
    </message>
    <message>
      <source>Area</source>
      <translation>Emprise</translation>
    </message>
    <message>
      <source>Minimum confidence</source>
      <translation>Confiance minimale</translation>
    </message>
    <message>
      <source>Save as</source>
      <translation>Enregistrer sous</translation>
    </message>
    <message>
      <source>Buildings less certain than this are left out. They can also be hidden later.</source>
      <translation>Les bâtiments moins sûrs que cette valeur sont omis. Ils peuvent aussi être masqués plus tard.</translation>
    </message>
    <message>
      <source>Cancelled.</source>
      <translation>Annulé.</translation>
    </message>
    <message>
      <source>Choose an orthophoto: add one to the project, or press … beside the list.</source>
      <translation>Choisissez une orthophoto : ajoutez-en une au projet, ou cliquez sur … à côté de la liste.</translation>
    </message>
    <message>
      <source>Cancelling</source>
      <translation>Annulation</translation>
    </message>
    <message>
      <source>Starting</source>
      <translation>Démarrage</translation>
    </message>
    <message>
      <source>Choose another command in the settings.</source>
      <translation>Choisissez une autre commande dans les paramètres.</translation>
    </message>
    <message>
      <source>Start it once in a terminal, or choose another command in the settings.</source>
      <translation>Lancez-le une fois dans un terminal, ou choisissez une autre commande dans les paramètres.</translation>
    </message>
    <message>
      <source>{command} answers, but is too old: {version}</source>
      <translation>{command} répond, mais est trop ancien : {version}</translation>
    </message>
    <message>
      <source>{command} answers, but is not roofgeo</source>
      <translation>{command} répond, mais n'est pas roofgeo</translation>
    </message>
    <message>
      <source>{command} did not answer within {seconds} s</source>
      <translation>{command} n'a pas répondu en {seconds} s</translation>
    </message>
    <message>
      <source>The layer's picture of the area cannot be saved as a file.</source>
      <translation>L'image de l'emprise fournie par la couche ne peut pas être enregistrée dans un fichier.</translation>
    </message>
    <message>
      <source>{layer} covers the world. Choose an area: the current view, a rectangle or polygons.</source>
      <translation>{layer} couvre le monde entier. Choisissez une emprise : la vue courante, un rectangle ou des polygones.</translation>
    </message>
    <message>
      <source>The area lies outside {layer}.</source>
      <translation>L'emprise est en dehors de {layer}.</translation>
    </message>
    <message>
      <source>The area is too large to be fetched from {layer}. Choose one of a few kilometres, or zoom in.</source>
      <translation>La zone est trop grande pour être récupérée depuis {layer}. Choisissez-en une de quelques kilomètres, ou zoomez.</translation>
    </message>
    <message>
      <source>A picture that is not in the project</source>
      <translation>Une image qui n'est pas dans le projet</translation>
    </message>
    <message>
      <source>Choose an orthophoto</source>
      <translation>Choisir une orthophoto</translation>
    </message>
    <message>
      <source>Pictures</source>
      <translation>Images</translation>
    </message>
    <message>
      <source>All files</source>
      <translation>Tous les fichiers</translation>
    </message>
    <message>
      <source>Choose a folder of tiles</source>
      <translation>Choisir un dossier de dalles</translation>
    </message>
    <message>
      <source>File…</source>
      <translation>Fichier…</translation>
    </message>
    <message>
      <source>Folder of tiles…</source>
      <translation>Dossier de dalles…</translation>
    </message>
    <message>
      <source>Install</source>
      <translation>Installer</translation>
    </message>
    <message>
      <source>roofgeo goes into a folder of its own; QGIS stays as it is. It takes a few minutes, the internet, and a Python of 3.11 or newer on this computer.</source>
      <translation>roofgeo est installé dans son propre dossier ; QGIS reste tel quel. Il faut quelques minutes, une connexion Internet et un Python 3.11 ou plus récent sur cet ordinateur.</translation>
    </message>
    <message>
      <source>Choose the package to install</source>
      <translation>Choisir le paquet à installer</translation>
    </message>
    <message>
      <source>the package index; or a file, or an address</source>
      <translation>l'index des paquets ; ou un fichier, ou une adresse</translation>
    </message>
    <message>
      <source>the usual one; or an address</source>
      <translation>celui par défaut ; ou une adresse</translation>
    </message>
    <message>
      <source>Install from</source>
      <translation>Installer depuis</translation>
    </message>
    <message>
      <source>Package index</source>
      <translation>Index des paquets</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Annuler</translation>
    </message>
    <message>
      <source>Log</source>
      <translation>Journal</translation>
    </message>
    <message>
      <source>Installing roofgeo</source>
      <translation>Installation de roofgeo</translation>
    </message>
    <message>
      <source>Upgrade</source>
      <translation>Mettre à jour</translation>
    </message>
    <message>
      <source>Installing …</source>
      <translation>Installation…</translation>
    </message>
    <message>
      <source>Cancelled. Everything is as it was before.</source>
      <translation>Annulé. Tout est comme avant.</translation>
    </message>
    <message>
      <source>Packages</source>
      <translation>Paquets</translation>
    </message>
    <message>
      <source>Give the path of a wheel, an address, a requirement such as roofgeo==0.2, or nothing.</source>
      <translation>Indiquez le chemin d'un fichier wheel, une adresse, une spécification telle que roofgeo==0.2, ou rien.</translation>
    </message>
    <message>
      <source>Give an address such as https://example.org/simple, or nothing for the usual index.</source>
      <translation>Indiquez une adresse telle que https://example.org/simple, ou rien pour l'index par défaut.</translation>
    </message>
    <message>
      <source>Looking for Python</source>
      <translation>Recherche de Python</translation>
    </message>
    <message>
      <source>The log has all it said. On Debian and Ubuntu: sudo apt install python3-venv</source>
      <translation>Tous ses messages sont dans le journal. Sous Debian et Ubuntu : sudo apt install python3-venv</translation>
    </message>
    <message>
      <source>what was installed has no roofgeo command</source>
      <translation>ce qui a été installé ne contient pas de commande roofgeo</translation>
    </message>
    <message>
      <source>Is this the right package? Look at what to install from in the settings.</source>
      <translation>Est-ce le bon paquet ? Vérifiez la source de l'installation dans les paramètres.</translation>
    </message>
    <message>
      <source>Making an environment</source>
      <translation>Création d'un environnement</translation>
    </message>
    <message>
      <source>Starting roofgeo</source>
      <translation>Démarrage de roofgeo</translation>
    </message>
    <message>
      <source>cannot install from {source}: no such file, and neither an address nor a requirement</source>
      <translation>impossible d'installer depuis {source} : ce n'est ni un fichier existant, ni une adresse, ni une spécification</translation>
    </message>
    <message>
      <source>{index} is no package index</source>
      <translation>{index} n'est pas un index de paquets</translation>
    </message>
    <message>
      <source>Is the disk full, or is roofgeo being installed by another QGIS?</source>
      <translation>Le disque est-il plein, ou un autre QGIS est-il en train d'installer roofgeo ?</translation>
    </message>
    <message>
      <source>Is the disk full?</source>
      <translation>Le disque est-il plein ?</translation>
    </message>
    <message>
      <source>roofgeo {version} is installed</source>
      <translation>roofgeo {version} est installé</translation>
    </message>
    <message>
      <source>{python} could not make an environment: {reason}</source>
      <translation>{python} n'a pas pu créer d'environnement : {reason}</translation>
    </message>
    <message>
      <source>{folder} cannot be made: {reason}</source>
      <translation>Impossible de créer {folder} : {reason}</translation>
    </message>
    <message>
      <source>{file} cannot be written: {reason}</source>
      <translation>Impossible d'écrire {file} : {reason}</translation>
    </message>
    <message>
      <source>{segments} segments are in {path}; {buildings} buildings are known as a whole.</source>
      <translation>{segments} pans sont dans {path} ; {buildings} bâtiments sont connus en entier.</translation>
    </message>
    <message>
      <source>Export labels</source>
      <translation>Exporter les étiquettes</translation>
    </message>
    <message>
      <source>GeoPackage (*.gpkg)</source>
      <translation>GeoPackage (*.gpkg)</translation>
    </message>
    <message>
      <source>Exporting labels</source>
      <translation>Export des étiquettes</translation>
    </message>
    <message>
      <source>No segment is accepted yet: there is nothing to export.</source>
      <translation>Aucun pan n'est encore accepté : il n'y a rien à exporter.</translation>
    </message>
    <message>
      <source>The labels cannot replace the result they come from: choose another name.</source>
      <translation>Les étiquettes ne peuvent pas remplacer le résultat dont elles proviennent : choisissez un autre nom.</translation>
    </message>
    <message>
      <source>Layer {name} has edits that are not saved: save them first.</source>
      <translation>La couche {name} a des modifications non enregistrées : enregistrez-les d'abord.</translation>
    </message>
    <message>
      <source>Settings…</source>
      <translation>Paramètres…</translation>
    </message>
    <message>
      <source>roofgeo is not installed yet. It takes one button and a few minutes.</source>
      <translation>roofgeo n'est pas encore installé. Il suffit d'un clic et de quelques minutes.</translation>
    </message>
    <message>
      <source>Install…</source>
      <translation>Installer…</translation>
    </message>
    <message>
      <source>There is no roofgeo at {path}.</source>
      <translation>roofgeo est introuvable à l'emplacement {path}.</translation>
    </message>
    <message>
      <source>Version {version}, made for {size} m per pixel, licence {licence}</source>
      <translation>Version {version}, conçu pour {size} m par pixel, licence {licence}</translation>
    </message>
    <message>
      <source>as the model says</source>
      <translation>selon le modèle</translation>
    </message>
    <message>
      <source>More</source>
      <translation>Plus d'options</translation>
    </message>
    <message>
      <source>the usual one</source>
      <translation>celui par défaut</translation>
    </message>
    <message>
      <source>A name from the list, or the path of a folder with a model of your own</source>
      <translation>Un nom de la liste, ou le chemin d'un dossier contenant votre propre modèle</translation>
    </message>
    <message>
      <source>The network sees the picture in squares of this side</source>
      <translation>Le réseau voit l'image par carrés de ce côté</translation>
    </message>
    <message>
      <source>So much of a square is seen by its neighbour too</source>
      <translation>Largeur commune à deux carrés voisins</translation>
    </message>
    <message>
      <source>Rasters of segments, lines and confidence</source>
      <translation>Rasters des pans, des lignes et de la confiance</translation>
    </message>
    <message>
      <source>Cut buildings at the edge of the area</source>
      <translation>Découper les bâtiments à la limite de l'emprise</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modèle</translation>
    </message>
    <message>
      <source>Tile</source>
      <translation>Tuile</translation>
    </message>
    <message>
      <source>Write also</source>
      <translation>Écrire aussi</translation>
    </message>
    <message>
      <source>Overlap</source>
      <translation>Recouvrement</translation>
    </message>
    <message>
      <source>No roofs were found. Is the picture an orthophoto of 0.05 to 0.3 m per pixel?</source>
      <translation>Aucun toit n'a été trouvé. L'image est-elle une orthophoto de 0,05 à 0,3 m par pixel ?</translation>
    </message>
    <message>
      <source>Review…</source>
      <translation>Contrôler…</translation>
    </message>
    <message>
      <source>{segments} roof segments, {lines} roof lines, {buildings} buildings.</source>
      <translation>{segments} pans de toit, {lines} lignes de toit, {buildings} bâtiments.</translation>
    </message>
    <message>
      <source>Something does not work? This makes a report and copies it, for you to send.</source>
      <translation>Quelque chose ne fonctionne pas ? Ceci crée un rapport et le copie, prêt à être envoyé.</translation>
    </message>
    <message>
      <source>at the path below</source>
      <translation>à l'emplacement ci-dessous</translation>
    </message>
    <message>
      <source>where this page installs it</source>
      <translation>là où cette page l'installe</translation>
    </message>
    <message>
      <source>among the programs of this computer</source>
      <translation>parmi les programmes de cet ordinateur</translation>
    </message>
    <message>
      <source>in the virtual environment QGIS was started from</source>
      <translation>dans l'environnement virtuel d'où QGIS a été lancé</translation>
    </message>
    <message>
      <source>Choose the roofgeo command</source>
      <translation>Choisir la commande roofgeo</translation>
    </message>
    <message>
      <source>found by itself</source>
      <translation>recherche automatique</translation>
    </message>
    <message>
      <source>Test</source>
      <translation>Tester</translation>
    </message>
    <message>
      <source>Status</source>
      <translation>Statut</translation>
    </message>
    <message>
      <source>Path of the command</source>
      <translation>Chemin de la commande</translation>
    </message>
    <message>
      <source>Diagnose</source>
      <translation>Diagnostiquer</translation>
    </message>
    <message>
      <source>roofgeo was found {where}: {command}</source>
      <translation>roofgeo a été trouvé {where} : {command}</translation>
    </message>
    <message>
      <source>Asking …</source>
      <translation>Interrogation…</translation>
    </message>
    <message>
      <source>Testing roofgeo</source>
      <translation>Test de roofgeo</translation>
    </message>
    <message>
      <source>Making a report of roofgeo</source>
      <translation>Création d'un rapport sur roofgeo</translation>
    </message>
    <message>
      <source>Report (it is in the clipboard: paste it where you report the problem)</source>
      <translation>Rapport (il est dans le presse-papiers : collez-le là où vous signalez le problème)</translation>
    </message>
    <message>
      <source>Models</source>
      <translation>Modèles</translation>
    </message>
    <message>
      <source>Runs on</source>
      <translation>S'exécute sur</translation>
    </message>
    <message>
      <source>There is no program at this path. Empty the field to have roofgeo looked for.</source>
      <translation>Il n'y a pas de programme à cet emplacement. Videz le champ pour que roofgeo soit recherché.</translation>
    </message>
    <message>
      <source>roofgeo is not installed yet: press Install below.</source>
      <translation>roofgeo n'est pas encore installé : cliquez sur Installer ci-dessous.</translation>
    </message>
    <message>
      <source>roofgeo {version} works.</source>
      <translation>roofgeo {version} fonctionne.</translation>
    </message>
    <message>
      <source>in {place}</source>
      <translation>dans {place}</translation>
    </message>
    <message>
      <source>This result lies in a temporary file: it goes when QGIS is closed, and what you decide goes with it. To keep it, right-click its layers and choose “Make Permanent…”, or find roofs again into a file.</source>
      <translation>Ce résultat se trouve dans un fichier temporaire : il disparaît à la fermeture de QGIS, et vos décisions avec lui. Pour le garder, faites un clic droit sur ses couches et choisissez « Convertir en couche permanente … », ou relancez la recherche vers un fichier.</translation>
    </message>
    <message>
      <source>Roofs</source>
      <translation>Toits</translation>
    </message>
    <message>
      <source>Export labels…</source>
      <translation>Exporter les étiquettes…</translation>
    </message>
    <message>
      <source>Save the accepted segments as training labels</source>
      <translation>Enregistrer les pans acceptés comme étiquettes d'entraînement</translation>
    </message>
    <message>
      <source>Shows segments with at least this confidence, and their lines and buildings</source>
      <translation>Affiche les pans ayant au moins cette confiance, avec leurs lignes et leurs bâtiments</translation>
    </message>
    <message>
      <source>No roof segments in the project</source>
      <translation>Aucun pan de toit dans le projet</translation>
    </message>
    <message>
      <source>End the review</source>
      <translation>Terminer le contrôle</translation>
    </message>
    <message>
      <source>Review the least certain</source>
      <translation>Contrôler les moins sûrs</translation>
    </message>
    <message>
      <source>Result</source>
      <translation>Résultat</translation>
    </message>
    <message>
      <source>Confidence from</source>
      <translation>Confiance min.</translation>
    </message>
    <message>
      <source>{percent} %</source>
      <translation>{percent} %</translation>
    </message>
    <message>
      <source>{shown} of {total} segments</source>
      <translation>{shown} pans sur {total}</translation>
    </message>
    <message>
      <source>Model (name or folder; empty: the usual one)</source>
      <translation>Modèle (nom ou dossier ; vide : celui par défaut)</translation>
    </message>
    <message>
      <source>Side of a window in pixels (a multiple of 32; empty: as the model says)</source>
      <translation>Côté d'une tuile en pixels (multiple de 32 ; vide : selon le modèle)</translation>
    </message>
    <message>
      <source>Overlap of windows in pixels (a multiple of 32; empty: as the model says)</source>
      <translation>Recouvrement des tuiles en pixels (multiple de 32 ; vide : selon le modèle)</translation>
    </message>
    <message>
      <source>Write the layers also as</source>
      <translation>Écrire aussi les couches en</translation>
    </message>
    <message>
      <source>Area: polygons</source>
      <translation>Emprise : polygones</translation>
    </message>
    <message>
      <source>… or rectangle</source>
      <translation>… ou rectangle</translation>
    </message>
    <message>
      <source>Minimum confidence of a building (0 to 1)</source>
      <translation>Confiance minimale d'un bâtiment (0 à 1)</translation>
    </message>
    <message>
      <source>Roofs (GeoPackage)</source>
      <translation>Toits (GeoPackage)</translation>
    </message>
    <message>
      <source>Raster of roof segments</source>
      <translation>Raster des pans de toit</translation>
    </message>
    <message>
      <source>Raster of roof lines</source>
      <translation>Raster des lignes de toit</translation>
    </message>
    <message>
      <source>Raster of confidence</source>
      <translation>Raster de confiance</translation>
    </message>
    <message>
      <source>… or folder of tiles</source>
      <translation>… ou dossier de dalles</translation>
    </message>
    <message>
      <source>The log has all that pip said.</source>
      <translation>Tous les messages de pip sont dans le journal.</translation>
    </message>
    <message>
      <source>Is this computer online, and the proxy set? The log has all that pip said.</source>
      <translation>Cet ordinateur est-il en ligne, et le proxy configuré ? Tous les messages de pip sont dans le journal.</translation>
    </message>
    <message>
      <source>Give another index, a wheel file or an address in the settings.</source>
      <translation>Indiquez un autre index, un fichier wheel ou une adresse dans les paramètres.</translation>
    </message>
    <message>
      <source>Install Python 3.12 and try again.</source>
      <translation>Installez Python 3.12 et réessayez.</translation>
    </message>
    <message>
      <source>git is needed to install from this address</source>
      <translation>git est nécessaire pour installer depuis cette adresse</translation>
    </message>
    <message>
      <source>Install git and try again.</source>
      <translation>Installez git et réessayez.</translation>
    </message>
    <message>
      <source>pip could not install {package}: {reason}</source>
      <translation>pip n'a pas pu installer {package} : {reason}</translation>
    </message>
    <message>
      <source>Fetching {package}</source>
      <translation>Récupération de {package}</translation>
    </message>
    <message>
      <source>Installing {count} packages</source>
      <translation>Installation de {count} paquets</translation>
    </message>
    <message>
      <source>the package index cannot be reached: {reason}</source>
      <translation>l'index des paquets est inaccessible : {reason}</translation>
    </message>
    <message>
      <source>{index} does not have {package}</source>
      <translation>{index} ne contient pas {package}</translation>
    </message>
    <message>
      <source>there is no {package} for this Python on this system</source>
      <translation>il n'y a pas de {package} pour ce Python sur ce système</translation>
    </message>
    <message>
      <source>the package index</source>
      <translation>l'index des paquets</translation>
    </message>
    <message>
      <source>Find roofs…</source>
      <translation>Détecter les toits…</translation>
    </message>
    <message>
      <source>Find roofs on an orthophoto</source>
      <translation>Détecter les toits sur une orthophoto</translation>
    </message>
    <message>
      <source>Review roofs</source>
      <translation>Contrôler les toits</translation>
    </message>
    <message>
      <source>Help</source>
      <translation>Aide</translation>
    </message>
    <message>
      <source>{own} m per pixel (works at {working} m)</source>
      <translation>{own} m par pixel (traitement à {working} m)</translation>
    </message>
    <message>
      <source>It needs about {size} of memory, and {free} are free: the computer may become very slow.</source>
      <translation>Il faut environ {size} de mémoire, et {free} sont libres : l'ordinateur peut devenir très lent.</translation>
    </message>
    <message>
      <source>It needs about {size} on the disk, and {free} are free: it may not come to its end.</source>
      <translation>Il faut environ {size} sur le disque, et {free} sont libres : le traitement risque de ne pas aboutir.</translation>
    </message>
    <message>
      <source>{hours} h {minutes} min</source>
      <translation>{hours} h {minutes} min</translation>
    </message>
    <message>
      <source>{number} GB</source>
      <translation>{number} Go</translation>
    </message>
    <message>
      <source>1 tile</source>
      <translation>1 tuile</translation>
    </message>
    <message>
      <source>{width} × {height} km</source>
      <translation>{width} × {height} km</translation>
    </message>
    <message>
      <source>{seconds} s</source>
      <translation>{seconds} s</translation>
    </message>
    <message>
      <source>{minutes} min</source>
      <translation>{minutes} min</translation>
    </message>
    <message>
      <source>{hours} h</source>
      <translation>{hours} h</translation>
    </message>
    <message>
      <source>{number} MB</source>
      <translation>{number} Mo</translation>
    </message>
    <message>
      <source>1 band</source>
      <translation>1 bande</translation>
    </message>
    <message>
      <source>CRS without a number</source>
      <translation>SCR sans code</translation>
    </message>
    <message>
      <source>{width} × {height} pixels</source>
      <translation>{width} × {height} pixels</translation>
    </message>
    <message>
      <source>{width} × {height} m</source>
      <translation>{width} × {height} m</translation>
    </message>
    <message>
      <source>Go on?</source>
      <translation>Continuer ?</translation>
    </message>
    <message>
      <source>{number} tiles</source>
      <translation>{number} tuiles</translation>
    </message>
    <message>
      <source>about {duration}</source>
      <translation>environ {duration}</translation>
    </message>
    <message>
      <source>{size} of memory</source>
      <translation>{size} de mémoire</translation>
    </message>
    <message>
      <source>{size} of disk ({free} free)</source>
      <translation>{size} sur le disque ({free} libres)</translation>
    </message>
    <message>
      <source>This takes about {duration}.</source>
      <translation>Cela prendra environ {duration}.</translation>
    </message>
    <message>
      <source>{size} m per pixel</source>
      <translation>{size} m par pixel</translation>
    </message>
    <message>
      <source>{bands} bands</source>
      <translation>{bands} bandes</translation>
    </message>
    <message>
      <source>The file may be missing, no program, or its Python may be gone: install roofgeo again.</source>
      <translation>Le fichier manque peut-être, n'est pas un programme, ou son Python a disparu : réinstallez roofgeo.</translation>
    </message>
    <message>
      <source>{command} cannot be started: {reason}</source>
      <translation>Impossible de lancer {command} : {reason}</translation>
    </message>
    <message>
      <source>Install one and its venv module (on Debian and Ubuntu: sudo apt install python3 python3-venv).</source>
      <translation>Installez-en un avec son module venv (sous Debian et Ubuntu : sudo apt install python3 python3-venv).</translation>
    </message>
    <message>
      <source>Install Python 3.12 (64-bit) from python.org, not from the Microsoft Store, and try again.</source>
      <translation>Installez Python 3.12 (64 bits) depuis python.org, pas depuis le Microsoft Store, et réessayez.</translation>
    </message>
    <message>
      <source>Install Python 3.12 from python.org, or with: brew install python@3.12</source>
      <translation>Installez Python 3.12 depuis python.org, ou avec : brew install python@3.12</translation>
    </message>
    <message>
      <source>no Python of {oldest} or newer was found</source>
      <translation>aucun Python {oldest} ou plus récent n'a été trouvé</translation>
    </message>
    <message>
      <source>{python} cannot make environments: ensurepip is missing</source>
      <translation>{python} ne peut pas créer d'environnements : ensurepip est absent</translation>
    </message>
    <message>
      <source>Install {package} (on Debian and Ubuntu: sudo apt install {package}) and try again.</source>
      <translation>Installez {package} (sous Debian et Ubuntu : sudo apt install {package}) et réessayez.</translation>
    </message>
    <message>
      <source>{python} is no Python that can be started</source>
      <translation>{python} n'est pas un Python qui puisse être lancé</translation>
    </message>
    <message>
      <source>{python} belongs to QGIS</source>
      <translation>{python} appartient à QGIS</translation>
    </message>
    <message>
      <source>Draw on the map</source>
      <translation>Dessiner sur le canevas</translation>
    </message>
    <message>
      <source>nothing drawn yet</source>
      <translation>rien de dessiné</translation>
    </message>
    <message>
      <source>{number} reviewed segments in {file} are lost.</source>
      <translation>{number} pans contrôlés dans {file} seront perdus.</translation>
    </message>
    <message>
      <source>{file} exists already. Replace it?</source>
      <translation>{file} existe déjà. Le remplacer ?</translation>
    </message>
    <message>
      <source>{files} exist already. Replace them?</source>
      <translation>{files} existent déjà. Les remplacer ?</translation>
    </message>
    <message>
      <source>1 reviewed segment in {file} is lost.</source>
      <translation>1 pan contrôlé dans {file} sera perdu.</translation>
    </message>
    <message>
      <source>The orthophoto cannot be read. Does the file still exist?</source>
      <translation>Impossible de lire l'orthophoto. Le fichier existe-t-il encore ?</translation>
    </message>
    <message>
      <source>Saving the layer's picture of the area</source>
      <translation>Enregistrement de l'image de l'emprise fournie par la couche</translation>
    </message>
    <message>
      <source>The area cannot be read. Does the file still exist?</source>
      <translation>Impossible de lire l'emprise. Le fichier existe-t-il encore ?</translation>
    </message>
    <message>
      <source>Roof segments (raster)</source>
      <translation>Pans de toit (raster)</translation>
    </message>
    <message>
      <source>Roof lines (raster)</source>
      <translation>Lignes de toit (raster)</translation>
    </message>
    <message>
      <source>Confidence (raster)</source>
      <translation>Confiance (raster)</translation>
    </message>
    <message>
      <source>Roof lines</source>
      <translation>Lignes de toit</translation>
    </message>
    <message>
      <source>Roof segments</source>
      <translation>Pans de toit</translation>
    </message>
    <message>
      <source>Buildings</source>
      <translation>Bâtiments</translation>
    </message>
    <message>
      <source>Accept roof segment</source>
      <translation>Accepter le pan de toit</translation>
    </message>
    <message>
      <source>Reject roof segment</source>
      <translation>Rejeter le pan de toit</translation>
    </message>
    <message>
      <source>Change azimuth of roof segment</source>
      <translation>Modifier l'azimut du pan de toit</translation>
    </message>
    <message>
      <source>Undo review of roof segment</source>
      <translation>Annuler le contrôle du pan de toit</translation>
    </message>
    <message>
      <source>Review</source>
      <translation>Contrôle</translation>
    </message>
    <message>
      <source>Direction the segment slopes down to, clockwise from true north</source>
      <translation>Direction vers laquelle le pan descend, dans le sens horaire depuis le nord géographique</translation>
    </message>
    <message>
      <source>flat</source>
      <translation>plat</translation>
    </message>
    <message>
      <source>Set on map</source>
      <translation>Définir sur le canevas</translation>
    </message>
    <message>
      <source>Drag or click twice on the map: from ridge to eave</source>
      <translation>Faites glisser ou cliquez deux fois sur le canevas : du faîtage à l'égout</translation>
    </message>
    <message>
      <source>Accept (A)</source>
      <translation>Accepter (A)</translation>
    </message>
    <message>
      <source>The segment is right, with the azimuth as it is here</source>
      <translation>Le pan est correct, avec l'azimut indiqué ici</translation>
    </message>
    <message>
      <source>Reject (R)</source>
      <translation>Rejeter (R)</translation>
    </message>
    <message>
      <source>The segment is wrong</source>
      <translation>Le pan est incorrect</translation>
    </message>
    <message>
      <source>Back (⌫)</source>
      <translation>Retour (⌫)</translation>
    </message>
    <message>
      <source>To the segment before</source>
      <translation>Au pan précédent</translation>
    </message>
    <message>
      <source>Skip (N)</source>
      <translation>Passer (N)</translation>
    </message>
    <message>
      <source>Decide later, go on to the next (also the space bar)</source>
      <translation>Décider plus tard, passer au suivant (aussi par la barre d'espace)</translation>
    </message>
    <message>
      <source>Undo (U)</source>
      <translation>Annuler (U)</translation>
    </message>
    <message>
      <source>Take back the last decision</source>
      <translation>Revenir sur la dernière décision</translation>
    </message>
    <message>
      <source>Confidence</source>
      <translation>Confiance</translation>
    </message>
    <message>
      <source>Footprint</source>
      <translation>Emprise au sol</translation>
    </message>
    <message>
      <source>Orientation</source>
      <translation>Orientation</translation>
    </message>
    <message>
      <source>Azimuth</source>
      <translation>Azimut</translation>
    </message>
    <message>
      <source>Planning to find roofs</source>
      <translation>Préparation de la détection des toits</translation>
    </message>
    <message>
      <source>The algorithm is missing from the Processing toolbox: restart QGIS.</source>
      <translation>L'algorithme manque dans la boîte à outils de traitements : redémarrez QGIS.</translation>
    </message>
    <message>
      <source>Finding roofs failed without a word.</source>
      <translation>La détection des toits a échoué sans aucun message.</translation>
    </message>
    <message>
      <source>accepted</source>
      <translation>accepté</translation>
    </message>
    <message>
      <source>rejected</source>
      <translation>rejeté</translation>
    </message>
    <message>
      <source>Segment {segment} of building {building}</source>
      <translation>Pan {segment} du bâtiment {building}</translation>
    </message>
    <message>
      <source>{area} m²</source>
      <translation>{area} m²</translation>
    </message>
    <message>
      <source>not decided</source>
      <translation>non décidé</translation>
    </message>
    <message>
      <source>{accepted} accepted, {rejected} rejected</source>
      <translation>{accepted} acceptés, {rejected} rejetés</translation>
    </message>
    <message>
      <source>no segment is shown</source>
      <translation>aucun pan n'est affiché</translation>
    </message>
    <message>
      <source>{number} of {total}</source>
      <translation>{number} sur {total}</translation>
    </message>
    <message>
      <source>all {total} are decided</source>
      <translation>tous décidés ({total})</translation>
    </message>
    <message>
      <source>Log of roofgeo</source>
      <translation>Journal de roofgeo</translation>
    </message>
    <message>
      <source>Copy</source>
      <translation>Copier</translation>
    </message>
    <message>
      <source>{path} cannot be read: {reason}</source>
      <translation>Impossible de lire {path} : {reason}</translation>
    </message>
  </context>
</TS>
